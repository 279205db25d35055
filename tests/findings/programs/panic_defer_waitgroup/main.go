// SPDX-License-Identifier: BSD-2-Clause

// A worker that panics tells its group that it is done, and so does the deferred call of the pool: the second
// panic covers the first. After golang/go#13857.
package main

import (
	"fmt"
	"sync"
	"time"
)

type pool struct {
	wg   sync.WaitGroup
	seen []string
	mu   sync.Mutex
}

func (p *pool) done() { p.wg.Done() }

func (p *pool) work(n int) {
	defer p.done()
	defer p.cleanup(n)
	if n%2 == 1 {
		panic(fmt.Sprintf("job %d: bad checksum", n))
	}
}

// cleanup gives the slot back, too.
func (p *pool) cleanup(n int) {
	if n%2 == 1 {
		p.wg.Done()
	}
}

func (p *pool) run(n int) {
	defer func() {
		if v := recover(); v != nil {
			p.mu.Lock()
			p.seen = append(p.seen, fmt.Sprint(v))
			p.mu.Unlock()
		}
	}()
	p.work(n)
}

func main() {
	for i := 0; i < 8; i++ {
		p := &pool{}
		p.wg.Add(1)
		p.run(i)
		fmt.Println(p.seen)
		time.Sleep(150 * time.Millisecond)
	}
}
