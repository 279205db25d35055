// A client transport derives a context per stream and forgets it when the stream has closed.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type stream struct {
	id     uint32
	ctx    context.Context
	cancel context.CancelFunc
	recv   chan string
}

type transport struct {
	mu      sync.Mutex
	next    uint32
	streams map[uint32]*stream
}

func (t *transport) newStream(ctx context.Context) *stream {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next += 2
	s := &stream{id: t.next, recv: make(chan string, 1)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	t.streams[s.id] = s
	return s
}

func (t *transport) closeStream(s *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.streams, s.id) // and s.cancel is not called
}

func (t *transport) serve(s *stream, req string) {
	time.Sleep(2 * time.Millisecond)
	s.recv <- "re: " + req
}

func (t *transport) roundTrip(ctx context.Context, req string) (string, error) {
	s := t.newStream(ctx)
	defer t.closeStream(s)
	go t.serve(s, req)
	select {
	case r := <-s.recv:
		return r, nil
	case <-s.ctx.Done():
		return "", s.ctx.Err()
	}
}

func main() {
	app, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := &transport{streams: map[uint32]*stream{}}
	end := time.Now().Add(6 * time.Second)
	n := 0
	for ; time.Now().Before(end); n++ {
		if _, err := t.roundTrip(app, "ping"); err != nil {
			fmt.Println(err)
		}
		time.Sleep(6 * time.Millisecond)
	}
	fmt.Println(n, "calls", len(t.streams), "streams open")
}
