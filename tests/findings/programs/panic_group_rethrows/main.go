// SPDX-License-Identifier: BSD-2-Clause

// A group runs functions, keeps what one of them panics with, and Wait panics with the same value: where it
// came from is lost. After golang/go#53757.
package main

import (
	"fmt"
	"sync"
	"time"
)

type group struct {
	wg    sync.WaitGroup
	once  sync.Once
	value interface{}
}

func (g *group) goDo(f func()) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		defer func() {
			if v := recover(); v != nil {
				g.once.Do(func() { g.value = v })
			}
		}()
		f()
	}()
}

func (g *group) wait() {
	g.wg.Wait()
	if g.value != nil {
		panic(g.value)
	}
}

func multiply(rows, cols int) {
	if rows != cols {
		panic(fmt.Errorf("shape mismatch: %dx%d", rows, cols))
	}
}

func batch(n int) (err error) {
	defer func() {
		if e, ok := recover().(error); ok {
			err = fmt.Errorf("batch %d: %w", n, e)
		}
	}()
	g := &group{}
	for i := 0; i < 4; i++ {
		i := i
		g.goDo(func() { multiply(i, i+n%2) })
	}
	g.wait()
	return nil
}

func main() {
	for i := 0; i < 6; i++ {
		fmt.Println(batch(i))
		time.Sleep(200 * time.Millisecond)
	}
}
