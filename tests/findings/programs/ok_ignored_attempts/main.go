// SPDX-License-Identifier: BSD-2-Clause

// Each attempt of a wait has its own deadline; that it passes ends the attempt and not the loop,
// which lives under the parent. After chain/Core#1258.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type raft struct{ index chan int }

func (r *raft) try(ctx context.Context) (int, error) {
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(300*time.Millisecond))
	defer cancel()
	select {
	case i := <-r.index:
		return i, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (r *raft) waitRead(ctx context.Context) (int, error) {
	for tries := 1; ; tries++ {
		i, err := r.try(ctx)
		if err == nil {
			fmt.Println("tries:", tries)
			return i, nil
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			return 0, err
		}
	}
}

func main() {
	r := &raft{make(chan int)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan int)
	go func() {
		i, err := r.waitRead(ctx)
		fmt.Println("read:", i, err)
		done <- i
	}()
	time.Sleep(5500 * time.Millisecond)
	r.index <- 42
	<-done
}
