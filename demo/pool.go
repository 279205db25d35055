// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

type job struct {
	customer string
}

// pool is a fixed number of workers that take jobs from a queue.
type pool struct {
	jobs chan job
	wg   sync.WaitGroup
}

func newPool(ctx context.Context, workers int) *pool {
	p := &pool{jobs: make(chan job, 64)}
	for i := 0; i < workers; i++ {
		p.wg.Add(1)
		go p.worker(ctx)
	}
	return p
}

func (p *pool) worker(ctx context.Context) {
	defer p.wg.Done()
	for {
		select {
		case j := <-p.jobs:
			ship(ctx, j)
		case <-ctx.Done():
			return
		}
	}
}

// submit drops the job when the queue is full.
func (p *pool) submit(j job) {
	select {
	case p.jobs <- j:
	default:
	}
}

func (p *pool) wait() {
	p.wg.Wait()
}

// ship prints a label while the parcel is packed.
func ship(ctx context.Context, j job) {
	label := make(chan [32]byte)
	go printLabel(j, label)
	backend(ctx, 20*time.Millisecond)
	<-label
}

func printLabel(j job, done chan<- [32]byte) {
	sum := sha256.Sum256([]byte(j.customer))
	for i := 0; i < 100; i++ {
		sum = sha256.Sum256(sum[:])
	}
	done <- sum
}
