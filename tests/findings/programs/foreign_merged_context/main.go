// Calls run under a merge of the service's context and the caller's; the merge has a Done channel of its own.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type merged struct {
	a, b context.Context
	done chan struct{}
	mu   sync.Mutex
	err  error
}

func merge(a, b context.Context) *merged {
	m := &merged{a: a, b: b, done: make(chan struct{})}
	go m.watch()
	return m
}

func (m *merged) watch() {
	var err error
	select {
	case <-m.a.Done():
		err = m.a.Err()
	case <-m.b.Done():
		err = m.b.Err()
	}
	m.mu.Lock()
	m.err = err
	m.mu.Unlock()
	close(m.done)
}

func (m *merged) Deadline() (time.Time, bool) { return m.a.Deadline() }
func (m *merged) Done() <-chan struct{}       { return m.done }
func (m *merged) Value(k any) any             { return m.a.Value(k) }
func (m *merged) Err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

type service struct{ ctx context.Context }

func (s *service) watchKey(caller context.Context, key int, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithCancel(merge(s.ctx, caller))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	life, stop := context.WithCancel(context.Background())
	s := &service{life}
	callers, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for k := 0; k < 300; k++ {
		wg.Add(1)
		go s.watchKey(callers, k, &wg)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(4 * time.Second)
	fmt.Println(runtime.NumGoroutine(), "goroutines for 300 watches")
	cancel()
	wg.Wait()
	stop()
}
