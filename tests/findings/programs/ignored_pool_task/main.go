// SPDX-License-Identifier: BSD-2-Clause

// Tasks go to the workers of a pool as closures with the context of their request; a task that does
// not look at it keeps the worker. After gammazero/workerpool#70.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type pool struct {
	tasks chan func()
	wg    sync.WaitGroup
}

func newPool(n int) *pool {
	p := &pool{tasks: make(chan func(), 16)}
	for i := 0; i < n; i++ {
		p.wg.Add(1)
		go p.worker()
	}
	return p
}

func (p *pool) worker() {
	defer p.wg.Done()
	for task := range p.tasks {
		task()
	}
}

func (p *pool) submit(task func()) {
	p.tasks <- task
}

type indexer struct {
	batch chan string
	acks  chan int
}

// flush waits until the whole batch is acknowledged.
func (x *indexer) flush(n int) {
	for acked := 0; acked < n; {
		acked += <-x.acks
	}
}

func (x *indexer) index(ctx context.Context, docs []string) error {
	for _, d := range docs {
		select {
		case x.batch <- d:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	x.flush(len(docs))
	return ctx.Err()
}

func request(p *pool, x *indexer, ctx context.Context, docs ...string) <-chan error {
	result := make(chan error, 1)
	p.submit(func() {
		sub, cancel := context.WithTimeout(ctx, 900*time.Millisecond)
		defer cancel()
		result <- x.index(sub, docs)
	})
	return result
}

func main() {
	p := newPool(3)
	x := &indexer{make(chan string, 64), make(chan int)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	first := request(p, x, ctx, "one")
	x.acks <- 1
	fmt.Println("first:", <-first)
	second := request(p, x, ctx, "two", "three", "four")
	x.acks <- 1 // and then the search engine goes away
	select {
	case err := <-second:
		fmt.Println("second:", err)
	case <-time.After(5800 * time.Millisecond):
		fmt.Println("second: a worker is lost")
	}
}
