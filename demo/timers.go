// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"sync"
	"time"
)

// baskets expire some time after they were touched last.
type baskets struct {
	keep   time.Duration
	mu     sync.Mutex
	timers map[string]*time.Timer
}

func newBaskets(keep time.Duration) *baskets {
	return &baskets{keep: keep, timers: map[string]*time.Timer{}}
}

func (b *baskets) touch(customer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.timers[customer]; t != nil && t.Reset(b.keep) {
		return
	}
	b.timers[customer] = time.AfterFunc(b.keep, func() { b.expire(customer) })
}

func (b *baskets) expire(customer string) {
	b.mu.Lock()
	delete(b.timers, customer)
	b.mu.Unlock()
}

// refreshCache reloads four shards at the same time, at intervals.
func refreshCache(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		var g group
		for shard := 0; shard < 4; shard++ {
			g.start(func() error { return reloadShard(ctx) })
		}
		g.wait()
	}
}

func reloadShard(ctx context.Context) error {
	return backend(ctx, 30*time.Millisecond)
}
