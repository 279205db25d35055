// SPDX-License-Identifier: BSD-2-Clause

// Workers whose pool is cancelled take what is still queued off the queue, so that nobody waits for
// it, and end: that takes them half a second. After alitto/pond#71.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type pool struct {
	tasks chan func()
	queue sync.WaitGroup
	wg    sync.WaitGroup
}

func newPool(ctx context.Context, workers int) *pool {
	p := &pool{tasks: make(chan func(), 64)}
	for i := 0; i < workers; i++ {
		p.wg.Add(1)
		go p.worker(ctx)
	}
	return p
}

func (p *pool) submit(f func()) {
	p.queue.Add(1)
	p.tasks <- f
}

func (p *pool) drain() {
	for {
		select {
		case <-p.tasks:
			time.Sleep(20 * time.Millisecond) // tells its owner
			p.queue.Done()
		default:
			return
		}
	}
}

func (p *pool) worker(ctx context.Context) {
	defer p.wg.Done()
	for {
		select {
		case <-ctx.Done():
			p.drain()
			return
		default:
		}
		select {
		case <-ctx.Done():
			p.drain()
			return
		case f := <-p.tasks:
			f()
			p.queue.Done()
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	p := newPool(ctx, 2)
	for i := 0; i < 50; i++ {
		p.submit(func() {
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
			}
		})
	}
	time.Sleep(time.Second)
	cancel()
	began := time.Now()
	p.queue.Wait()
	p.wg.Wait()
	fmt.Println("drained in less than a second:", time.Since(began) < time.Second)
	time.Sleep(4 * time.Second)
}
