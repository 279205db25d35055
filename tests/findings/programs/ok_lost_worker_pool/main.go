// A pool starts its workers once; each has a context whose cancel the pool keeps until it is resized or closed.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type pool struct {
	ctx     context.Context
	jobs    chan int
	results chan int
	cancels []context.CancelFunc
	wg      sync.WaitGroup
}

func (p *pool) grow(n int) {
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithCancel(p.ctx)
		p.cancels = append(p.cancels, cancel)
		p.wg.Add(1)
		go p.work(ctx)
	}
}

func (p *pool) work(ctx context.Context) {
	defer p.wg.Done()
	for {
		select {
		case j := <-p.jobs:
			p.results <- j * j
		case <-ctx.Done():
			return
		}
	}
}

func (p *pool) close() {
	for _, c := range p.cancels {
		c()
	}
	p.wg.Wait()
}

func newPool(ctx context.Context, n int) *pool {
	p := &pool{ctx: ctx, jobs: make(chan int), results: make(chan int, 64)}
	p.grow(n)
	return p
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := newPool(ctx, 64)
	sum := 0
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		p.jobs <- i
		sum += <-p.results
		time.Sleep(2 * time.Millisecond)
	}
	p.close()
	fmt.Println(sum)
}
