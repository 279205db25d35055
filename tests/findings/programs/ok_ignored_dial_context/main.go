// SPDX-License-Identifier: BSD-2-Clause

// The context of a dial is cancelled as soon as there is a connection; the goroutines of the
// connection were started with it at hand and live under the connection's own.
// After moby/buildkit#1628.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

type conn struct {
	nc     net.Conn
	ctx    context.Context
	cancel context.CancelFunc
	pings  chan string
}

// run greets within the time for the dial and then serves the connection.
func (c *conn) run(dial context.Context, ready chan<- error) {
	if d, ok := dial.Deadline(); ok {
		c.nc.SetDeadline(d)
	}
	greeting, err := bufio.NewReader(c.nc).ReadString('\n')
	ready <- err
	c.nc.SetDeadline(time.Time{})
	for {
		select {
		case p := <-c.pings:
			fmt.Fprintln(c.nc, p, greeting)
		case <-c.ctx.Done():
			c.nc.Close()
			return
		}
	}
}

func dial(addr string) (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &conn{nc: nc, pings: make(chan string)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	ready := make(chan error, 1)
	go c.run(ctx, ready)
	return c, <-ready
}

func greeter() string {
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
			fmt.Fprintln(c, "hello")
			go io.Copy(io.Discard, c)
		}
	}()
	return l.Addr().String()
}

func main() {
	c, err := dial(greeter())
	if err != nil {
		panic(err)
	}
	for i := 0; i < 2; i++ {
		c.pings <- "ping"
	}
	time.Sleep(5500 * time.Millisecond)
	c.cancel()
	time.Sleep(100 * time.Millisecond)
}
