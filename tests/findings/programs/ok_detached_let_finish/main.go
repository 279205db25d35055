// SPDX-License-Identifier: BSD-2-Clause

// A worker takes jobs until its context is done; the job at hand may finish, under a context of its
// own that a hard stop ends: it needs 700 ms more. After vgarvardt/gue#116.
package main

import (
	"context"
	"fmt"
	"time"
)

type worker struct {
	jobs chan time.Duration
	hard context.Context
	kill context.CancelFunc
}

func newWorker() *worker {
	w := &worker{jobs: make(chan time.Duration)}
	w.hard, w.kill = context.WithCancel(context.Background())
	return w
}

func (w *worker) handle(ctx context.Context, takes time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	select {
	case <-time.After(takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *worker) run(ctx context.Context, done chan<- error) {
	for {
		select {
		case <-ctx.Done():
			done <- ctx.Err()
			return
		case takes := <-w.jobs:
			fmt.Println("job:", w.handle(w.hard, takes))
		}
	}
}

func main() {
	w := newWorker()
	defer w.kill()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go w.run(ctx, done)
	w.jobs <- 100 * time.Millisecond
	w.jobs <- 1600 * time.Millisecond
	time.Sleep(900 * time.Millisecond)
	cancel()
	select {
	case err := <-done:
		fmt.Println("worker:", err)
	case <-time.After(10 * time.Second):
		w.kill()
	}
	time.Sleep(4 * time.Second)
}
