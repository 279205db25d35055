// SPDX-License-Identifier: BSD-2-Clause

// Calls are run on one locked thread; the text of what they panic with is thrown at the caller: nothing of the
// first value is in the second. After Kurt212/syncgroup#3.
package main

import (
	"fmt"
	"runtime"
	"time"
)

type call struct {
	f    func()
	done chan interface{}
}

type thread struct{ calls chan *call }

func newThread() *thread {
	t := &thread{make(chan *call)}
	go func() {
		runtime.LockOSThread()
		for c := range t.calls {
			t.run(c)
		}
	}()
	return t
}

func (t *thread) run(c *call) {
	defer func() { c.done <- recover() }()
	c.f()
}

func (t *thread) callVoid(f func()) {
	c := &call{f, make(chan interface{}, 1)}
	t.calls <- c
	if v := <-c.done; v != nil {
		panic(fmt.Errorf("thread: %v", v))
	}
}

type surface struct{ w, h int }

func (s *surface) resize(w, h int) {
	if w <= 0 || h <= 0 {
		panic(fmt.Errorf("size %dx%d", w, h))
	}
	s.w, s.h = w, h
}

func frame(t *thread, s *surface, w int) {
	defer func() { recover() }()
	t.callVoid(func() { s.resize(w, 100) })
}

func main() {
	t, s := newThread(), &surface{}
	for i := 0; i < 8; i++ {
		frame(t, s, i%3-1)
		time.Sleep(150 * time.Millisecond)
	}
	fmt.Println(*s)
}
