// SPDX-License-Identifier: BSD-2-Clause

// A group whose Wait panics with a value that holds the first one and the stack that it had.
// After golang/go#73710.
package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// PanicError is as that of golang.org/x/sync/errgroup.
type PanicError struct {
	Recovered error
	Stack     []byte
}

func (p PanicError) Error() string {
	return fmt.Sprintf("recovered from group: %v\n%s", p.Recovered, p.Stack)
}

func (p PanicError) Unwrap() error { return p.Recovered }

type group struct {
	wg    sync.WaitGroup
	once  sync.Once
	value *PanicError
}

func (g *group) goDo(f func()) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		defer func() {
			if v, ok := recover().(error); ok {
				g.once.Do(func() { g.value = &PanicError{v, debug.Stack()} })
			}
		}()
		f()
	}()
}

func (g *group) wait() {
	g.wg.Wait()
	if g.value != nil {
		panic(*g.value)
	}
}

func batch() (err error) {
	defer func() {
		if e, ok := recover().(PanicError); ok {
			err = e
		}
	}()
	g := &group{}
	g.goDo(func() { panic(errors.New("no route")) })
	g.wait()
	return nil
}

func main() {
	for i := 0; i < 8; i++ {
		fmt.Println(errors.Unwrap(batch()))
		time.Sleep(150 * time.Millisecond)
	}
}
