// SPDX-License-Identifier: BSD-2-Clause

// A chain of contexts that is cancelled once a file is there, and a goroutine that does not hear of
// it: for the end-to-end test of the contexts view. cascade FILE
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

type key struct{}

// fetch waits for an answer that never comes, whatever its context says.
func fetch(ctx context.Context, answer chan int) {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	_ = context.WithValue(ctx, key{}, "shard 7")
	fmt.Println(<-answer, ctx.Err())
}

func giveUp(file string, cancel context.CancelFunc) {
	for {
		if _, err := os.Stat(file); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	select {}
}

func request(file string, answer chan int) context.CancelFunc {
	ctx, cancel := context.WithCancel(context.Background())
	go fetch(ctx, answer)
	go giveUp(file, cancel)
	return cancel
}

func main() {
	answer := make(chan int)
	cancel := request(os.Args[1], answer)
	time.Sleep(10 * time.Minute)
	cancel()
	close(answer)
}
