// SPDX-License-Identifier: BSD-2-Clause

// A controller syncs at each tick of a ticker with "for range": the ticker's channel is never
// closed, and nothing in the loop looks at the context. After rancher/wrangler#174.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type healthSyncer struct {
	cluster string
	every   time.Duration
	synced  int64
}

func (h *healthSyncer) update() {
	atomic.AddInt64(&h.synced, 1)
}

func (h *healthSyncer) sync(ctx context.Context) {
	ticker := time.NewTicker(h.every)
	defer ticker.Stop()
	for range ticker.C {
		h.update()
	}
}

func register(ctx context.Context, cluster string) *healthSyncer {
	h := &healthSyncer{cluster: cluster, every: 400 * time.Millisecond}
	go h.sync(ctx)
	return h
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	var all []*healthSyncer
	for _, name := range []string{"east", "west", "north"} {
		all = append(all, register(ctx, name))
	}
	time.Sleep(time.Second)
	cancel() // the user clusters are removed
	time.Sleep(4800 * time.Millisecond)
	for _, h := range all {
		fmt.Println(h.cluster, "was synced", atomic.LoadInt64(&h.synced), "times")
	}
}
