// SPDX-License-Identifier: BSD-2-Clause

// Each job carries a context of its own to the workers of a pool. The jobs are over, their contexts
// done, and the workers wait for the next one, as they should. After vgarvardt/gue#116.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type job struct {
	ctx  context.Context
	id   int
	done chan<- error
}

func handle(ctx context.Context, id int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-time.After(time.Duration(id) * 200 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func worker(jobs <-chan job, wg *sync.WaitGroup) {
	defer wg.Done()
	for j := range jobs {
		j.done <- handle(j.ctx, j.id)
	}
}

func main() {
	jobs := make(chan job)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go worker(jobs, &wg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 8)
	go func() {
		for id := 0; id < 8; id++ {
			jobs <- job{ctx, id, done}
		}
	}()
	time.Sleep(time.Second)
	cancel()
	for id := 0; id < 8; id++ {
		fmt.Println("job:", <-done)
	}
	time.Sleep(4600 * time.Millisecond)
	close(jobs)
	wg.Wait()
}
