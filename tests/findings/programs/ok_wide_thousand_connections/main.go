// A thousand connections under one base context, coming and going: each cancels its own when it closes.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type conn struct {
	id   int
	life time.Duration
}

type server struct {
	base   context.Context
	slots  chan struct{}
	wg     sync.WaitGroup
	mu     sync.Mutex
	served int
}

func (s *server) handle(c conn) {
	defer s.wg.Done()
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	t := time.NewTimer(c.life)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.served++
	s.mu.Unlock()
	<-s.slots
}

func (s *server) accept(id int) {
	s.slots <- struct{}{}
	s.wg.Add(1)
	go s.handle(conn{id, time.Duration(500+id%1000) * time.Millisecond})
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	s := &server{base: base, slots: make(chan struct{}, 1000)}
	end := time.Now().Add(6 * time.Second)
	for id := 0; time.Now().Before(end); id++ {
		s.accept(id)
		if id%10 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	cancel()
	s.wg.Wait()
	fmt.Println(s.served, "connections")
}
