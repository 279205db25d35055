// SPDX-License-Identifier: BSD-2-Clause

// A server of a protocol of its own: each request has a context, cancelled at its end; between
// requests the goroutine of a connection reads the next one from it. After containerd/ttrpc#231.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"
)

type server struct {
	ctx   context.Context
	limit time.Duration
}

func (s *server) call(ctx context.Context, line string) string {
	select {
	case <-time.After(10 * time.Millisecond):
		return "OK " + line
	case <-ctx.Done():
		return "ERR " + ctx.Err().Error()
	}
}

func (s *server) conn(c net.Conn) {
	defer c.Close()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-s.ctx.Done():
			c.Close()
		case <-stop:
		}
	}()
	in := bufio.NewScanner(c)
	for in.Scan() {
		ctx, cancel := context.WithTimeout(s.ctx, s.limit)
		answer := s.call(ctx, in.Text())
		cancel()
		if _, err := fmt.Fprintln(c, answer); err != nil {
			return
		}
	}
}

func (s *server) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.conn(c)
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go (&server{ctx, time.Second}).serve(l)
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		in := bufio.NewReader(c)
		for j := 0; j < 5; j++ {
			fmt.Fprintln(c, "get", i, j)
			if _, err := in.ReadString('\n'); err != nil {
				panic(err)
			}
		}
	}
	fmt.Println("idle connections")
	time.Sleep(5500 * time.Millisecond)
	cancel()
	time.Sleep(100 * time.Millisecond)
}
