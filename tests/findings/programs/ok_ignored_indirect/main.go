// SPDX-License-Identifier: BSD-2-Clause

// Stages of a pipeline get the context but stop because the stage before them does: the first hears
// the cancel and closes its output, and so on; half a second later all are gone.
// After hoophq/hoop#1089.
package main

import (
	"context"
	"fmt"
	"time"
)

type item struct {
	ctx context.Context
	n   int
}

func source(ctx context.Context) <-chan item {
	out := make(chan item)
	go func() {
		defer close(out)
		for n := 0; ; n++ {
			select {
			case out <- item{ctx, n}:
				time.Sleep(50 * time.Millisecond)
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func stage(ctx context.Context, name string, in <-chan item) <-chan item {
	out := make(chan item)
	go func() {
		defer close(out)
		for it := range in {
			if it.ctx.Err() == nil {
				time.Sleep(20 * time.Millisecond)
			}
			out <- it
		}
		time.Sleep(100 * time.Millisecond) // flushes
		if err := ctx.Err(); err != nil {
			fmt.Println(name, err)
		}
	}()
	return out
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	out := source(ctx)
	for _, name := range []string{"parse", "filter", "join", "store"} {
		out = stage(ctx, name, out)
	}
	n := 0
	for range out {
		n++
	}
	fmt.Println("more than five items:", n > 5)
	time.Sleep(4500 * time.Millisecond)
}
