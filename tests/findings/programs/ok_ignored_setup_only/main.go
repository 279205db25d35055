// SPDX-License-Identifier: BSD-2-Clause

// Connections are set up by goroutines under a context for the start; they end, and what they have
// set up stays, with readers that belong to it. After tarantool/go-tarantool#443.
package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

type connection struct {
	nc   net.Conn
	done chan struct{}
}

func (c *connection) reader() {
	defer close(c.done)
	buf := make([]byte, 512)
	for {
		if _, err := c.nc.Read(buf); err != nil {
			return
		}
	}
}

type pool struct {
	mu    sync.Mutex
	conns []*connection
}

func (p *pool) connect(ctx context.Context, addr string) error {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	c := &connection{nc, make(chan struct{})}
	go c.reader()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
	return nil
}

func open(addr string, n int) *pool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	p := new(pool)
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := p.connect(ctx, addr); err != nil {
				fmt.Println("connect:", err)
			}
		}()
	}
	wg.Wait()
	return p
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	p := open(l.Addr().String(), 4)
	fmt.Println("connections:", len(p.conns))
	time.Sleep(5500 * time.Millisecond)
	for _, c := range p.conns {
		c.nc.Close()
		<-c.done
	}
}
