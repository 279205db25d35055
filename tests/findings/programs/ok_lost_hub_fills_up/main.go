// A hub whose clients connect one after the other and stay: each has its goroutine, its context and a cancel for later.
package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

type client struct {
	conn   net.Conn
	cancel context.CancelFunc
	out    chan string
}

type hub struct {
	ctx     context.Context
	mu      sync.Mutex
	clients map[net.Conn]*client
	wg      sync.WaitGroup
}

func (h *hub) attach(conn net.Conn) {
	ctx, cancel := context.WithCancel(h.ctx)
	c := &client{conn: conn, cancel: cancel, out: make(chan string, 4)}
	h.mu.Lock()
	h.clients[conn] = c
	h.mu.Unlock()
	h.wg.Add(2)
	go h.writer(ctx, c)
	go h.reader(c)
}

func (h *hub) writer(ctx context.Context, c *client) {
	defer h.wg.Done()
	for {
		select {
		case m := <-c.out:
			fmt.Fprintln(c.conn, m)
		case <-ctx.Done():
			c.conn.Close()
			return
		}
	}
}

func (h *hub) reader(c *client) {
	defer h.wg.Done()
	defer c.cancel()
	buf := make([]byte, 64)
	for {
		if _, err := c.conn.Read(buf); err != nil {
			return
		}
	}
}

func (h *hub) broadcast(m string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.clients {
		select {
		case c.out <- m:
		default:
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	h := &hub{ctx: ctx, clients: map[net.Conn]*client{}}
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		if i < 300 {
			server, peer := net.Pipe()
			h.attach(server)
			go func() {
				buf := make([]byte, 64)
				for {
					if _, err := peer.Read(buf); err != nil {
						return
					}
				}
			}()
		}
		if i%20 == 0 {
			h.broadcast("tick")
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	h.wg.Wait()
	fmt.Println(len(h.clients), "clients")
}
