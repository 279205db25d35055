// A supervisor tries for leases that other replicas hold: each attempt that returns by itself leaves its context behind.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var errHeld = errors.New("held by another replica")

type leases struct{}

func (leases) acquire(ctx context.Context, id int) error {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	if id%5 != 0 {
		return errHeld
	}
	return nil
}

type supervisor struct {
	mu      sync.Mutex
	wg      sync.WaitGroup
	lease   leases
	running map[int]context.CancelFunc
}

func (s *supervisor) start(parent context.Context, id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[id] != nil {
		return
	}
	ctx, cancel := context.WithCancel(parent)
	s.running[id] = cancel
	s.wg.Add(1)
	go s.supervise(ctx, id)
}

func (s *supervisor) supervise(ctx context.Context, id int) {
	defer s.wg.Done()
	defer func() {
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
	}()
	if err := s.lease.acquire(ctx, id); err != nil {
		return
	}
	<-ctx.Done()
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	s := &supervisor{running: map[int]context.CancelFunc{}}
	sweep := time.NewTicker(150 * time.Millisecond)
	defer sweep.Stop()
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		<-sweep.C
		for id := 0; id < 15; id++ {
			s.start(ctx, id)
		}
	}
	fmt.Println(len(s.running), "running")
	cancel()
	s.wg.Wait()
}
