// SPDX-License-Identifier: BSD-2-Clause

// Callers of the same key share one call and wait for it in a WaitGroup: one whose own context ends
// waits all the same. After buildbuddy-io/buildbuddy#7199.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type flight struct {
	wg  sync.WaitGroup
	val string
	err error
}

type flightGroup struct {
	mu sync.Mutex
	m  map[string]*flight
}

func (g *flightGroup) do(key string, fn func() (string, error)) (string, error) {
	g.mu.Lock()
	if f, ok := g.m[key]; ok {
		g.mu.Unlock()
		f.wg.Wait()
		return f.val, f.err
	}
	f := new(flight)
	f.wg.Add(1)
	g.m[key] = f
	g.mu.Unlock()

	f.val, f.err = fn()
	g.mu.Lock()
	delete(g.m, key)
	g.mu.Unlock()
	f.wg.Done()
	return f.val, f.err
}

type fetcher struct{ calls flightGroup }

func (f *fetcher) fetch(ctx context.Context, digest string, slow time.Duration) (string, error) {
	return f.calls.do(digest, func() (string, error) {
		select {
		case <-time.After(slow):
			return "contents of " + digest, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
}

func main() {
	f := &fetcher{flightGroup{m: map[string]*flight{}}}
	patient, stop := context.WithCancel(context.Background())
	defer stop()
	go f.fetch(patient, "sha256:1234", time.Minute)
	time.Sleep(100 * time.Millisecond)

	ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := f.fetch(ctx, "sha256:1234", time.Minute)
		done <- err
	}()
	select {
	case err := <-done:
		fmt.Println("fetch:", err)
	case <-time.After(5500 * time.Millisecond):
		fmt.Println("fetch: waits for a call that is not its own")
	}
}
