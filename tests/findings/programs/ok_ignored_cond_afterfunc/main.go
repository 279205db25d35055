// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// A sync.Cond whose waiters are woken when their context ends, under the lock, as they must be.
// After golang/go#62180.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type queue struct {
	mu    sync.Mutex
	cond  *sync.Cond
	items []string
}

func newQueue() *queue {
	q := new(queue)
	q.cond = sync.NewCond(&q.mu)
	return q
}

func (q *queue) put(item string) {
	q.mu.Lock()
	q.items = append(q.items, item)
	q.mu.Unlock()
	q.cond.Signal()
}

func (q *queue) get(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.cond.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		q.cond.Wait()
	}
	item := q.items[0]
	q.items = q.items[1:]
	return item, nil
}

func main() {
	q := newQueue()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				item, err := q.get(ctx)
				if err != nil {
					done <- err
					return
				}
				fmt.Println("item", item)
			}
		}()
	}
	q.put("one")
	q.put("two")
	time.Sleep(time.Second)
	cancel()
	for i := 0; i < 3; i++ {
		fmt.Println("get:", <-done)
	}
	time.Sleep(4600 * time.Millisecond)
}
