// SPDX-License-Identifier: BSD-2-Clause

// A garbage collector reports through a channel whose buffer is thought to be large enough; when
// its caller is cancelled and there are more errors than places, it stays in the send.
// After ipfs/kubo#4593.
package main

import (
	"context"
	"fmt"
	"time"
)

type result struct {
	key string
	err error
}

type collector struct {
	blocks []string
	broken map[string]bool
}

func (c *collector) remove(key string) error {
	if c.broken[key] {
		return fmt.Errorf("cannot delete block %s", key)
	}
	return nil
}

func (c *collector) collect(ctx context.Context, out chan<- result) {
	defer close(out)
	for _, key := range c.blocks {
		if err := c.remove(key); err != nil {
			out <- result{key: key, err: err}
			continue
		}
		select {
		case out <- result{key: key}:
		case <-ctx.Done():
			return
		}
	}
}

func (c *collector) start(ctx context.Context) <-chan result {
	out := make(chan result, 4)
	go c.collect(ctx, out)
	return out
}

func main() {
	c := &collector{broken: map[string]bool{}}
	for i := 0; i < 100; i++ {
		key := fmt.Sprintf("Qm%04d", i)
		c.blocks = append(c.blocks, key)
		c.broken[key] = i >= 10
	}
	ctx, cancel := context.WithCancel(context.Background())
	out := c.start(ctx)
	for i := 0; i < 12; i++ {
		r := <-out
		if r.err != nil {
			fmt.Println("gc:", r.err)
		}
	}
	time.Sleep(time.Second)
	cancel()
	fmt.Println("gc: given up")
	time.Sleep(4700 * time.Millisecond)
}
