// SPDX-License-Identifier: BSD-2-Clause

// A group like errgroup with a context that times out: Wait itself knows nothing of the context,
// and a feeder that never returns keeps it waiting. After containerd/nerdctl#4231.
package main

import (
	"context"
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

type command struct {
	timeout time.Duration
	stdin   <-chan string
}

// feed copies to the command's standard input, and knows of no context.
func feed(in <-chan string) error {
	for line := range in {
		fmt.Println("stdin:", line)
	}
	return nil
}

func watch(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (c *command) run(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, c.timeout)
	defer cancel()
	g, ctx := withContext(ctx)
	in := c.stdin
	g.Go(func() error { return feed(in) })
	g.Go(func() error { return watch(ctx) })
	return g.Wait()
}

func main() {
	stdin := make(chan string)
	c := &command{timeout: time.Second, stdin: stdin}
	done := make(chan error, 1)
	go func() { done <- c.run(context.Background()) }()
	stdin <- "first line"
	select {
	case err := <-done:
		fmt.Println("command:", err)
	case <-time.After(5700 * time.Millisecond):
		fmt.Println("command: timed out and still there")
	}
}
