// SPDX-License-Identifier: BSD-2-Clause

// A database driver takes the context of a query but sets no deadline on its connection: a server
// that does not answer keeps the query reading long after the context's deadline.
// After go-sql-driver/mysql#1274.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

type packetReader struct{ r *bufio.Reader }

func (p *packetReader) next() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(p.r, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.LittleEndian.Uint32(head[:])&0xffff)
	_, err := io.ReadFull(p.r, body)
	return body, err
}

type mysqlConn struct {
	net.Conn
	in packetReader
}

func (c *mysqlConn) query(ctx context.Context, q string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := c.Write(append([]byte{byte(len(q)), 0, 0, 0}, q...)); err != nil {
		return nil, err
	}
	return c.in.next()
}

func silentServer() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
	return l
}

func report(c *mysqlConn, done chan<- error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := c.query(ctx, "SELECT count(*) FROM orders")
	done <- err
}

func main() {
	l := silentServer()
	defer l.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	defer nc.Close()
	c := &mysqlConn{Conn: nc, in: packetReader{bufio.NewReader(nc)}}
	done := make(chan error, 1)
	go report(c, done)
	select {
	case err := <-done:
		fmt.Println("query:", err)
	case <-time.After(5500 * time.Millisecond):
		fmt.Println("query: no answer")
	}
}
