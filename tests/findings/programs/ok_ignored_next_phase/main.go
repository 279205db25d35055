// SPDX-License-Identifier: BSD-2-Clause

// A program in phases: the context of the first is done, by its deadline in main and by its cancel
// in a helper, and both go on with work that was never under it. After coinbase/mesh-sdk-go#90.
package main

import (
	"context"
	"fmt"
	"time"
)

func sync(ctx context.Context, blocks chan<- int) {
	for i := 0; ; i++ {
		select {
		case blocks <- i:
			time.Sleep(20 * time.Millisecond)
		case <-ctx.Done():
			close(blocks)
			return
		}
	}
}

func phase(limit time.Duration) int {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	blocks := make(chan int)
	go sync(ctx, blocks)
	n := 0
	for range blocks {
		n++
	}
	return n
}

// handler warms up under a context that it cancels itself, and then works on what it is sent.
func handler(in <-chan int, done chan<- int) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		time.Sleep(300 * time.Millisecond)
		cancel()
	}()
	<-ctx.Done()
	sum := 0
	for n := range in {
		sum += n
	}
	done <- sum
}

func main() {
	in, done := make(chan int), make(chan int)
	go handler(in, done)
	n := phase(time.Second)
	fmt.Println("synced more than ten blocks:", n > 10)
	time.Sleep(4500 * time.Millisecond)
	in <- n
	close(in)
	fmt.Println("same sum:", <-done == n)
}
