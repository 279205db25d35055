// SPDX-License-Identifier: BSD-2-Clause

// Components wait for the end of the program's context and then close what they have: flushing
// takes one of them 600 ms, and main waits for all. After uhthomas/kipp#74.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type component struct {
	name  string
	close time.Duration
}

func (c *component) run(ctx context.Context) {
	<-ctx.Done()
	time.Sleep(c.close)
	fmt.Println(c.name, "closed")
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var wg sync.WaitGroup
	for _, c := range []*component{{"cache", 0}, {"database", 200 * time.Millisecond},
		{"spool", 600 * time.Millisecond}} {
		wg.Add(1)
		go func(c *component) {
			defer wg.Done()
			c.run(ctx)
		}(c)
	}
	time.AfterFunc(time.Second, func() {
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
	})
	wg.Wait()
	fmt.Println("all closed; waiting for the last metrics to be scraped")
	time.Sleep(4 * time.Second)
}
