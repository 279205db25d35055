// SPDX-License-Identifier: BSD-2-Clause

// The program that `golin demo` watches: a small shop that does what services do. An HTTP server
// on a loopback port takes orders; each handler fans out to three back ends; a pool of workers
// ships what was ordered; baskets expire by timers; a cache is refreshed by a ticker; and a few
// customers keep calling. It touches nothing outside of itself and ends by SIGTERM, SIGINT, after
// -for, or when the process that started it is gone. With -breaks some of it goes wrong (breaks.go).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	limit := flag.Duration("for", 0, "end after that time")
	customers := flag.Int("customers", 10, "customers that order at the same time")
	broken := flag.Bool("breaks", false, "do what services do wrong, one of each")
	flag.Parse()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	shipping := newPool(ctx, 24)
	baskets := newBaskets(2 * time.Second)
	server, err := serve(ctx, shipping, baskets, *broken)
	if err != nil {
		fmt.Fprintln(os.Stderr, "golin-demo:", err)
		os.Exit(1)
	}
	go refreshCache(ctx, 500*time.Millisecond)
	if *broken {
		breaks(ctx)
	}
	for i := 0; i < *customers; i++ {
		go customer(ctx, i, server.url)
	}

	var timeout <-chan time.Time
	if *limit > 0 {
		timeout = time.After(*limit)
	}
	waitForEnd(stop, timeout)
	cancel()
	server.close()
	shipping.wait()
}

func waitForEnd(stop <-chan os.Signal, timeout <-chan time.Time) {
	starter := os.Getppid()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timeout:
			return
		case <-tick.C:
			if os.Getppid() != starter {
				return
			}
		}
	}
}
