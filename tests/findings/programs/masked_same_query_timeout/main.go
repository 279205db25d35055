// A resolver's front end and its query handler both apply the same query timeout: the inner one always comes later.
package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

const queryTimeout = 2 * time.Second

type handler struct{ cache map[string]string }

// resolve takes the timeout once more; queueing alone makes its deadline trail the one that the request has.
func (h *handler) resolve(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(queryTimeout))
	defer cancel()
	if v, ok := h.cache[name]; ok {
		return v, nil
	}
	select {
	case <-time.After(2 * time.Millisecond):
		h.cache[name] = "192.0.2.1"
		return "192.0.2.1", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type server struct {
	conn net.PacketConn
	h    *handler
}

func (s *server) serve(base context.Context) {
	buf := make([]byte, 512)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		s.answer(base, string(buf[:n]), from)
	}
}

func (s *server) answer(base context.Context, name string, from net.Addr) {
	ctx, cancel := context.WithTimeout(base, queryTimeout)
	defer cancel()
	ip, err := s.h.resolve(ctx, name)
	if err != nil {
		ip = err.Error()
	}
	s.conn.WriteTo([]byte(ip), from)
}

func main() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &server{conn: conn, h: &handler{cache: map[string]string{}}}
	go s.serve(base)
	c, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		panic(err)
	}
	buf := make([]byte, 512)
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		fmt.Fprintf(c, "host-%d.example", i%50)
		c.SetReadDeadline(time.Now().Add(time.Second))
		c.Read(buf)
		time.Sleep(20 * time.Millisecond)
	}
	conn.Close()
}
