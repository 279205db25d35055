// SPDX-License-Identifier: BSD-2-Clause

// main hangs the values of the program on the background context, and derives what is cancellable
// from that: the right order. After berachain/beacon-kit#2376.
package main

import (
	"context"
	"fmt"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type key int

const (
	configKey key = iota
	loggerKey
	versionKey
)

type config struct{ workers int }

func setup() context.Context {
	ctx := context.WithValue(context.Background(), configKey, &config{3})
	ctx = context.WithValue(ctx, loggerKey, "stderr")
	return context.WithValue(ctx, versionKey, "v1.2.3")
}

func work(ctx context.Context, id int) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Value(versionKey), "worker", id, ctx.Err())
}

func main() {
	base := setup()
	ctx, stop := signal.NotifyContext(base, syscall.SIGTERM)
	defer stop()
	cfg, _ := ctx.Value(configKey).(*config)
	var wg sync.WaitGroup
	for i := 0; i < cfg.workers; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			work(ctx, i)
		}(i)
	}
	time.Sleep(time.Second)
	stop()
	wg.Wait()
	time.Sleep(4500 * time.Millisecond)
	fmt.Println("still known:", base.Value(loggerKey))
}
