// A sink of events bounds a delivery at three seconds and hands the rest to a writer that bounds it at five.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type event struct{ id int }

type store struct {
	mu   sync.Mutex
	rows map[int]time.Time
}

func (s *store) insert(ctx context.Context, e event) error {
	select {
	case <-time.After(4 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) > 1000 {
		return errors.New("full")
	}
	s.rows[e.id] = time.Now()
	return nil
}

type sink struct {
	db *store
	ch chan event
}

// write asks for five seconds although the delivery has at most three left.
func (s *sink) write(ctx context.Context, e event) error {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(5*time.Second))
	defer cancel()
	return s.db.insert(ctx, e)
}

func (s *sink) deliver(ctx context.Context, e event) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := s.write(ctx, e); err != nil {
		fmt.Println("event", e.id, err)
	}
}

func (s *sink) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
	for e := range s.ch {
		s.deliver(ctx, e)
	}
}

func main() {
	s := &sink{db: &store{rows: map[int]time.Time{}}, ch: make(chan event)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	go s.run(ctx, done)
	for i := 0; i < 140; i++ {
		s.ch <- event{i}
		time.Sleep(40 * time.Millisecond)
	}
	close(s.ch)
	<-done
	fmt.Println(len(s.db.rows), "rows")
}
