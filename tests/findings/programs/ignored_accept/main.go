// SPDX-License-Identifier: BSD-2-Clause

// A daemon accepts connections and looks at its context before each: without a next connection the
// cancel is not seen. After wal-g/wal-g#2370.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"
)

type daemon struct{ l net.Listener }

func (d *daemon) handle(c net.Conn) {
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		fmt.Fprintf(c, "OK %s", line)
	}
}

func (d *daemon) serve(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := d.l.Accept()
		if err != nil {
			return err
		}
		go d.handle(c)
	}
}

func ask(addr, what string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	fmt.Fprintln(c, what)
	return bufio.NewReader(c).ReadString('\n')
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	d := &daemon{l}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.serve(ctx) }()
	answer, err := ask(l.Addr().String(), "wal-push 0001")
	fmt.Print(answer)
	if err != nil {
		panic(err)
	}
	time.Sleep(time.Second)
	cancel()
	select {
	case err := <-done:
		fmt.Println("daemon:", err)
	case <-time.After(4700 * time.Millisecond):
		fmt.Println("daemon: still accepts")
	}
}
