// SPDX-License-Identifier: BSD-2-Clause

// Workers range over a queue and look at their context after each item, without waiting for it:
// when the queue is idle they do not see the cancel. After erigontech/erigon#20942.
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
	for item := range queue {
		select {
		case <-ctx.Done():
			return
		default:
		}
		c.add(item)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &compressor{words: map[string]int{}}
	queue := make(chan string, 16)
	for i := 0; i < 4; i++ {
		go c.work(ctx, queue)
	}
	for i := 0; i < 50; i++ {
		queue <- "the quick brown fox jumps over the lazy dog"
	}
	time.Sleep(time.Second)
	cancel()
	// the producer fails before it closes the queue
	time.Sleep(4700 * time.Millisecond)
	c.mu.Lock()
	fmt.Println("patterns:", len(c.words))
	c.mu.Unlock()
}
