// SPDX-License-Identifier: BSD-2-Clause

// A group like errgroup, used as it is meant: each function listens to the group's context, and
// Wait returns when they have. After golang/go#26099.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type group struct {
	wg     sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelFunc
}

func withContext(ctx context.Context) (*group, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	return &group{cancel: cancel}, ctx
}

func (g *group) Go(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel()
			})
		}
	}()
}

func (g *group) Wait() error {
	g.wg.Wait()
	g.cancel()
	return g.err
}

func fetch(ctx context.Context, part int) error {
	if part == 3 {
		time.Sleep(time.Second)
		return errors.New("part 3: checksum")
	}
	<-ctx.Done()
	time.Sleep(time.Duration(part) * 100 * time.Millisecond) // removes what it has so far
	return ctx.Err()
}

func download(ctx context.Context) error {
	g, ctx := withContext(ctx)
	for part := 0; part < 5; part++ {
		part := part
		g.Go(func() error { return fetch(ctx, part) })
	}
	return g.Wait()
}

func main() {
	done := make(chan error)
	go func() { done <- download(context.Background()) }()
	fmt.Println("download:", <-done)
	time.Sleep(4500 * time.Millisecond)
}
