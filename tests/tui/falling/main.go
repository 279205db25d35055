// SPDX-License-Identifier: BSD-2-Clause

// Panics that are recovered, repeated and held, step by step as files appear: for the end-to-end
// test of the panics view. falling DIR
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

var errShard = errors.New("shard 7 is gone")

func wait(name string) {
	for {
		if _, err := os.Stat(filepath.Join(os.Args[1], name)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

//go:noinline
func guard(what string) {
	if v := recover(); v != nil {
		fmt.Println(what, "recovered", v)
	}
}

//go:noinline
func index(v []int, i int) int {
	defer guard("index")
	return v[i]
}

// rethrow holds the error in one of its own.
//
//go:noinline
func rethrow() {
	if v := recover(); v != nil {
		panic(fmt.Errorf("request failed: %w", v.(error)))
	}
}

//go:noinline
func query() {
	defer rethrow()
	panic(errShard)
}

//go:noinline
func handle() {
	defer guard("handle")
	query()
}

// linger holds its panic until a file is there.
//
//go:noinline
func linger() {
	wait("let-go")
}

//go:noinline
func slow() {
	defer guard("slow")
	defer linger()
	panic("held for a while")
}

func worker(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wait("index")
	index([]int{1, 2, 3}, 5)
	wait("handle")
	handle()
	wait("slow")
	slow()
	<-ctx.Done()
}

func main() {
	go worker(context.Background())
	wait("fatal")
	panic("nobody recovers this")
}
