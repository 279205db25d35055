// SPDX-License-Identifier: BSD-2-Clause

// Workers that wait for their queue and their context at once. After erigontech/erigon#20942.
package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

type compressor struct {
	mu    sync.Mutex
	words map[string]int
}

func (c *compressor) add(superstring string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range strings.Fields(superstring) {
		c.words[w]++
	}
}

func (c *compressor) work(ctx context.Context, queue <-chan string) {
	for {
		select {
		case item, ok := <-queue:
			if !ok {
				return
			}
			c.add(item)
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &compressor{words: map[string]int{}}
	queue := make(chan string, 16)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c.work(ctx, queue)
		}()
	}
	for i := 0; i < 50; i++ {
		queue <- "the quick brown fox jumps over the lazy dog"
	}
	time.Sleep(time.Second)
	cancel()
	wg.Wait()
	fmt.Println("patterns:", len(c.words))
	time.Sleep(4500 * time.Millisecond)
}
