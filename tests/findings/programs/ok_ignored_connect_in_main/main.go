// SPDX-License-Identifier: BSD-2-Clause

// main connects under a context with a timeout, cancelled by defer, as the read-me of many a driver
// has it; then it serves, in the same function, long after that deadline.
// After mongodb/mongo-go-driver#441.
package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

type client struct{ nc net.Conn }

func connect(ctx context.Context, addr string) (*client, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{nc}, nil
}

func (c *client) ping(ctx context.Context) error {
	if d, ok := ctx.Deadline(); ok {
		c.nc.SetDeadline(d)
	}
	defer c.nc.SetDeadline(time.Time{})
	_, err := fmt.Fprintln(c.nc, "ping")
	return err
}

func database() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return l
}

func main() {
	db := database()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := connect(ctx, db.Addr().String())
	if err != nil {
		panic(err)
	}
	if err := c.ping(ctx); err != nil {
		panic(err)
	}
	fmt.Println("connected")

	// serves until it is told to stop
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	time.AfterFunc(5500*time.Millisecond, func() { l.Close() })
	for {
		conn, err := l.Accept()
		if err != nil {
			fmt.Println("served")
			return
		}
		conn.Close()
	}
}
