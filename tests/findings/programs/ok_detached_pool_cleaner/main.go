// SPDX-License-Identifier: BSD-2-Clause

// A pool of connections with a cleaner under the pool's own context; requests with short contexts
// come and go, and Close ends the cleaner. After jackc/pgx#746.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type resource struct{ used time.Time }

type pool struct {
	mu     sync.Mutex
	idle   []*resource
	cancel context.CancelFunc
	done   chan struct{}
}

func newPool() *pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pool{cancel: cancel, done: make(chan struct{})}
	go p.cleaner(ctx)
	return p
}

func (p *pool) cleaner(ctx context.Context) {
	defer close(p.done)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			p.mu.Lock()
			for len(p.idle) > 0 && now.Sub(p.idle[0].used) > time.Second {
				p.idle = p.idle[1:]
			}
			p.mu.Unlock()
		}
	}
}

func (p *pool) query(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, &resource{time.Now()})
	return nil
}

func (p *pool) close() {
	p.cancel()
	<-p.done
}

func main() {
	p := newPool()
	request, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for p.query(request) == nil {
			}
		}()
	}
	wg.Wait()
	time.Sleep(4500 * time.Millisecond)
	p.mu.Lock()
	fmt.Println("idle:", len(p.idle))
	p.mu.Unlock()
	p.close()
}
