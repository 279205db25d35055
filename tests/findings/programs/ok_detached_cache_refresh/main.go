// SPDX-License-Identifier: BSD-2-Clause

// A cache is filled on demand and refreshed by its own goroutine under the context of the program,
// which it was given when it was made; requests only wait for it. After writer/cerebro#317.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type cache struct {
	mu     sync.Mutex
	value  string
	ready  chan struct{}
	demand chan struct{}
}

func newCache(life context.Context) *cache {
	c := &cache{ready: make(chan struct{}), demand: make(chan struct{}, 1)}
	go c.refresh(life)
	return c
}

func (c *cache) load(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-time.After(2 * time.Second):
		return time.Now().Format(time.RFC3339), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (c *cache) refresh(life context.Context) {
	for first := true; ; first = false {
		select {
		case <-c.demand:
		case <-life.Done():
			return
		}
		v, err := c.load(life)
		if err != nil {
			continue
		}
		c.mu.Lock()
		c.value = v
		c.mu.Unlock()
		if first {
			close(c.ready)
		}
	}
}

func (c *cache) get(ctx context.Context) (string, error) {
	select {
	case c.demand <- struct{}{}:
	default:
	}
	select {
	case <-c.ready:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, nil
}

func main() {
	life, stop := context.WithCancel(context.Background())
	c := newCache(life)
	done := make(chan error)
	for i := 0; i < 3; i++ {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_, err := c.get(ctx)
			done <- err
		}()
	}
	for i := 0; i < 3; i++ {
		fmt.Println("get:", <-done)
	}
	time.Sleep(4500 * time.Millisecond)
	_, err := c.get(life)
	fmt.Println("get:", err)
	stop()
	time.Sleep(100 * time.Millisecond)
}
