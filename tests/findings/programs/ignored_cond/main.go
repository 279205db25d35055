// SPDX-License-Identifier: BSD-2-Clause

// A stream of shard assignments waits on a sync.Cond for the next version; the peer is gone, its
// context done, and the goroutine waits for a version that may never come. After oxia-db/oxia#158.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type dispatcher struct {
	mu      sync.Mutex
	cond    *sync.Cond
	version int
	shards  map[int]string
}

func newDispatcher() *dispatcher {
	d := &dispatcher{shards: map[int]string{}}
	d.cond = sync.NewCond(&d.mu)
	return d
}

func (d *dispatcher) publish(shard int, leader string) {
	d.mu.Lock()
	d.shards[shard] = leader
	d.version++
	d.mu.Unlock()
	d.cond.Broadcast()
}

func (d *dispatcher) waitFor(version int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.version < version {
		d.cond.Wait()
	}
	return d.version
}

func (d *dispatcher) stream(ctx context.Context, send func(version int)) error {
	for next := 1; ; {
		version := d.waitFor(next)
		if err := ctx.Err(); err != nil {
			return err
		}
		send(version)
		next = version + 1
	}
}

func main() {
	d := newDispatcher()
	ctx, cancel := context.WithCancel(context.Background())
	for i := 0; i < 3; i++ {
		go d.stream(ctx, func(version int) { fmt.Println("assignments", version) })
	}
	d.publish(0, "node-1")
	time.Sleep(500 * time.Millisecond)
	d.publish(1, "node-2")
	time.Sleep(500 * time.Millisecond)
	cancel() // the clients are gone, and the cluster is quiet
	time.Sleep(4700 * time.Millisecond)
}
