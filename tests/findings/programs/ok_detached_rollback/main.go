// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// A transaction is rolled back when its context is done: under a context without that cancel but
// with the same values and a timeout. After riverqueue/river#1062.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type tx struct{ id int }

func (t *tx) exec(ctx context.Context, q string) error {
	<-ctx.Done() // waits for a lock
	return ctx.Err()
}

func (t *tx) rollback(ctx context.Context) error {
	select {
	case <-time.After(700 * time.Millisecond):
		fmt.Println("rolled back", t.id)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func rollbackWithoutCancel(ctx context.Context, t *tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return t.rollback(ctx)
}

func schedule(ctx context.Context, id int) (err error) {
	t := &tx{id}
	defer func() {
		if err != nil {
			rollbackWithoutCancel(ctx, t)
		}
	}()
	return t.exec(ctx, "UPDATE river_job SET state = 'available'")
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			fmt.Println("schedule:", schedule(ctx, i))
		}(i)
	}
	wg.Wait()
	time.Sleep(4 * time.Second)
}
