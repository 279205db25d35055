// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// A connection is read without a deadline, and closed by context.AfterFunc when its context ends.
// After coder/websocket#411.
package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

type wsConn struct{ nc net.Conn }

func (c *wsConn) read(ctx context.Context, p []byte) (int, error) {
	stop := context.AfterFunc(ctx, func() { c.nc.Close() })
	defer stop()
	n, err := c.nc.Read(p)
	if ctx.Err() != nil {
		return n, ctx.Err()
	}
	return n, err
}

func (c *wsConn) loop(ctx context.Context, done chan<- error) {
	buf := make([]byte, 1024)
	for {
		n, err := c.read(ctx, buf)
		if err != nil {
			done <- err
			return
		}
		fmt.Printf("message %q\n", buf[:n])
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	var peers []net.Conn
	for i := 0; i < 3; i++ {
		near, far := net.Pipe()
		peers = append(peers, far)
		go (&wsConn{near}).loop(ctx, done)
	}
	peers[0].Write([]byte("hello"))
	time.Sleep(time.Second)
	cancel()
	for range peers {
		fmt.Println("closed:", <-done)
	}
	time.Sleep(4600 * time.Millisecond)
}
