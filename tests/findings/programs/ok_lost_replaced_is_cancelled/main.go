// Heartbeats reconnect all the time: the new connection's context replaces the old one's, which is cancelled first.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type monitor struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	fails  int
}

func (m *monitor) setup(parent context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel != nil {
		m.cancel()
	}
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
	beat := time.NewTicker(40 * time.Millisecond)
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
	all := make([]monitor, 8)
	for i := range all {
		wg.Add(1)
		go all[i].run(ctx, &wg)
	}
	time.Sleep(6 * time.Second)
	cancel()
	wg.Wait()
	fmt.Println(all[0].fails)
}
