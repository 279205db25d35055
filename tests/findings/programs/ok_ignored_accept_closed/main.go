// SPDX-License-Identifier: BSD-2-Clause

// An accept loop whose listener is closed when the context ends; connections that it has accepted
// are let finish. After wal-g/wal-g#2370.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

type daemon struct {
	l  net.Listener
	wg sync.WaitGroup
}

func (d *daemon) handle(c net.Conn) {
	defer d.wg.Done()
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		fmt.Fprintf(c, "OK %s", line)
	}
}

func (d *daemon) serve(ctx context.Context) error {
	go func() {
		<-ctx.Done()
		d.l.Close()
	}()
	for {
		c, err := d.l.Accept()
		if err != nil {
			d.wg.Wait()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		d.wg.Add(1)
		go d.handle(c)
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	d := &daemon{l: l}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.serve(ctx) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	time.Sleep(time.Second)
	cancel()
	time.Sleep(500 * time.Millisecond)
	fmt.Fprintln(c, "wal-push 0001")
	answer, _ := bufio.NewReader(c).ReadString('\n')
	fmt.Print(answer)
	fmt.Println("daemon:", <-done)
	time.Sleep(4 * time.Second)
}
