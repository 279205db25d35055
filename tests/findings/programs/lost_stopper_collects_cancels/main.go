// A stopper hands out contexts that end at shutdown and keeps every cancel function until then: one per query, for ever.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type stopper struct {
	mu      sync.Mutex
	base    context.Context
	cancels []context.CancelFunc
}

func (s *stopper) withCancelOnQuiesce() context.Context {
	ctx, cancel := context.WithCancel(s.base)
	s.mu.Lock()
	s.cancels = append(s.cancels, cancel)
	s.mu.Unlock()
	return ctx
}

func (s *stopper) quiesce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cancels {
		c()
	}
}

type flow struct{ stop *stopper }

func (f *flow) query(n int) int {
	ctx := f.stop.withCancelOnQuiesce()
	rows := make(chan int)
	go func() {
		defer close(rows)
		for i := 0; i < n; i++ {
			select {
			case rows <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	sum := 0
	for r := range rows {
		sum += r
	}
	return sum
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &stopper{base: base}
	f := &flow{s}
	total := 0
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		total += f.query(i % 10)
		time.Sleep(8 * time.Millisecond)
	}
	fmt.Println(total, len(s.cancels))
	s.quiesce()
}
