// SPDX-License-Identifier: BSD-2-Clause

// A poller gives each of its calls a timeout over the background context: its own stop does not
// reach a call that is under way. After hmchangw/newchat#307.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type store struct{ calls int32 }

// get is stuck: the database is down.
func (s *store) get(ctx context.Context) {
	atomic.AddInt32(&s.calls, 1)
	defer atomic.AddInt32(&s.calls, -1)
	<-ctx.Done()
}

type poller struct {
	every time.Duration
	limit time.Duration
	db    *store
}

func (p *poller) tick() <-chan struct{} {
	ctx, cancel := context.WithTimeout(context.Background(), p.limit)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		p.db.get(ctx)
	}()
	return done
}

func (p *poller) run(ctx context.Context) {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-p.tick():
		}
	}
}

func main() {
	p := &poller{200 * time.Millisecond, 30 * time.Second, new(store)}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		p.run(ctx)
		close(stopped)
	}()
	time.Sleep(time.Second)
	cancel()
	<-stopped
	time.Sleep(4800 * time.Millisecond)
	fmt.Println("poller stopped, calls under way:", atomic.LoadInt32(&p.db.calls))
}
