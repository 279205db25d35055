// SPDX-License-Identifier: BSD-2-Clause

// Background loops for the life of the program get a context that carries only their logger; nothing
// cancellable is at hand where they start, and workers that are cancelled beside them are not
// theirs. After solo-io/go-utils#201.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type loggerKey struct{}

type logger struct {
	name  string
	lines int32
}

func with(ctx context.Context, name string) (context.Context, *logger) {
	l := &logger{name: name}
	return context.WithValue(ctx, loggerKey{}, l), l
}

func flusher(ctx context.Context, every time.Duration) {
	l, _ := ctx.Value(loggerKey{}).(*logger)
	for range time.Tick(every) {
		atomic.AddInt32(&l.lines, 1)
	}
}

func worker(ctx context.Context, jobs <-chan int) {
	for {
		select {
		case <-jobs:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	root, l := with(context.Background(), "flusher")
	go flusher(root, 100*time.Millisecond)
	jobs := make(chan int)
	ctx, cancel := context.WithCancel(root)
	for i := 0; i < 3; i++ {
		go worker(ctx, jobs)
	}
	for i := 0; i < 10; i++ {
		jobs <- i
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	time.Sleep(4700 * time.Millisecond)
	fmt.Println("flushed:", atomic.LoadInt32(&l.lines) > 10)
}
