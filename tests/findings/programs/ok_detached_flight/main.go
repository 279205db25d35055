// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// Callers of one key share a call, which runs in a goroutine of its own under a context without the
// first caller's cancel; each caller leaves with its own. After janos/singleflight#6.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type flight struct {
	done chan struct{}
	val  string
	err  error
}

type group struct {
	mu sync.Mutex
	m  map[string]*flight
}

func (g *group) do(ctx context.Context, key string, fn func(context.Context) (string, error)) (string, error) {
	g.mu.Lock()
	f, ok := g.m[key]
	if !ok {
		f = &flight{done: make(chan struct{})}
		g.m[key] = f
		go g.fly(context.WithoutCancel(ctx), key, f, fn)
	}
	g.mu.Unlock()
	select {
	case <-f.done:
		return f.val, f.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (g *group) fly(ctx context.Context, key string, f *flight, fn func(context.Context) (string, error)) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f.val, f.err = fn(ctx)
	g.mu.Lock()
	delete(g.m, key)
	g.mu.Unlock()
	close(f.done)
}

func load(ctx context.Context) (string, error) {
	select {
	case <-time.After(4500 * time.Millisecond):
		return "namespace", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func main() {
	g := &group{m: map[string]*flight{}}
	hasty, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan string, 2)
	call := func(ctx context.Context) {
		val, err := g.do(ctx, "ns", load)
		done <- fmt.Sprint(val, err)
	}
	go call(hasty)
	time.Sleep(100 * time.Millisecond)
	patient, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	go call(patient)
	fmt.Println("hasty:", <-done)
	fmt.Println("patient:", <-done)
	time.Sleep(time.Second)
}
