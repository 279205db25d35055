// SPDX-License-Identifier: BSD-2-Clause
package main

// What goes wrong with panics in services, one of each: only with -breaks. The lines that are wrong
// say so; what `golin findings` has to say of each is in the name behind it.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// failures has each of them happen now and then.
func failures(ctx context.Context) {
	go deliverAll(ctx)
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		keepOpen(func() { total(make([]int, n%3)) })
		keepOpen(func() { pack(n) })
		keepOpen(func() { reserve(n) })
		go inventory(n)
	}
}

// keepOpen lets the shop go on whatever f does.
func keepOpen(f func()) (failed bool) {
	defer func() { failed = recover() != nil }() // wrong: nobody is told
	f()
	return false
}

// total takes it that there is something in the basket (panic-swallowed).
func total(basket []int) int {
	return basket[len(basket)-1] + basket[len(basket)/2] // wrong: an empty one has no last item
}

// crew works on a goroutine of its own, and hands on what that panics with.
type crew struct{ value chan interface{} }

func (c *crew) do(f func()) {
	defer func() { c.value <- recover() }()
	f()
}

// wait panics with the value alone: where it came from is lost (repanic).
func (c *crew) wait() {
	if v := <-c.value; v != nil {
		panic(v) // wrong: without its stack
	}
}

func pack(n int) {
	c := &crew{make(chan interface{})}
	go c.do(func() {
		if n%2 == 1 {
			panic(fmt.Errorf("parcel %d is too small", n))
		}
	})
	c.wait()
}

type lease struct{ shelf *int }

// giveBack takes it that the shelf was found (panic-in-defer).
func (l *lease) giveBack() {
	*l.shelf-- // wrong: what fails below has hidden why there is none
}

func reserve(n int) {
	l := &lease{}
	defer l.giveBack()
	if n%2 == 0 {
		panic(errors.New("no shelf for it"))
	}
	l.shelf = new(int)
}

// inventory counts on a goroutine that ends when something is wrong.
func inventory(n int) {
	defer closeBooks(n)
	if n%4 == 3 {
		panic("the books do not add up")
	}
}

// closeBooks ends the goroutine as t.FailNow does: the panic is gone (goexit-during-panic).
func closeBooks(n int) {
	if n%4 == 3 {
		runtime.Goexit() // wrong: without a recover before
	}
}

type parcel struct{ address string }

// weigh cannot take a parcel without an address (panic-loop).
func (p *parcel) weigh() int {
	if p.address == "" {
		panic(errors.New("no address"))
	}
	return len(p.address)
}

// deliverAll tries the same parcel again and again, each time on a new goroutine.
func deliverAll(ctx context.Context) {
	for p := new(parcel); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		done := make(chan bool)
		go func() {
			defer func() { done <- recover() == nil }()
			p.weigh()
		}()
		if <-done { // wrong: it never is, and nobody puts the parcel aside
			return
		}
	}
}
