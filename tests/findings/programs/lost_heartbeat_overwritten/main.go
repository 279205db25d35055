// A monitor of servers sets up a new heartbeat connection after each failure and overwrites the old one's cancel.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type monitor struct {
	addr   string
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	fails  int
}

func (m *monitor) setup(parent context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ctx, m.cancel = context.WithCancel(parent)
}

func (m *monitor) check() error {
	m.mu.Lock()
	ctx := m.ctx
	m.mu.Unlock()
	select {
	case <-time.After(5 * time.Millisecond):
		return errors.New("connection refused")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *monitor) run(parent context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	m.setup(parent)
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	for {
		select {
		case <-parent.Done():
			return
		case <-beat.C:
		}
		if err := m.check(); err != nil {
			m.fails++
			m.setup(parent)
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var all []*monitor
	for i := 0; i < 5; i++ {
		m := &monitor{addr: fmt.Sprintf("10.0.0.%d:27017", i)}
		all = append(all, m)
		wg.Add(1)
		go m.run(ctx, &wg)
	}
	time.Sleep(6 * time.Second)
	cancel()
	wg.Wait()
	for _, m := range all {
		fmt.Println(m.addr, m.fails)
	}
}
