// A proxy gives every accepted connection a context; the connection closes, the context stays with the server's.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

type session struct {
	conn   net.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

type inbound struct {
	ln     net.Listener
	ctx    context.Context
	served atomic.Int64
}

func (in *inbound) open(c net.Conn) *session {
	ctx, cancel := context.WithCancel(in.ctx)
	return &session{conn: c, ctx: ctx, cancel: cancel}
}

func (in *inbound) handle(c net.Conn) {
	s := in.open(c)
	defer s.conn.Close()
	if s.ctx.Err() != nil {
		return
	}
	io.Copy(s.conn, s.conn)
	in.served.Add(1)
}

func (in *inbound) loop() {
	for {
		c, err := in.ln.Accept()
		if err != nil {
			return
		}
		go in.handle(c)
	}
}

func visit(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintln(c, "hello")
	_, err = io.ReadFull(c, make([]byte, 6))
	return err
}

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := &inbound{ln: ln, ctx: ctx}
	go in.loop()
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		if err := visit(ln.Addr().String()); err != nil {
			fmt.Println(err)
		}
		time.Sleep(15 * time.Millisecond)
	}
	fmt.Println(in.served.Load(), "connections served")
	ln.Close()
}
