// SPDX-License-Identifier: BSD-2-Clause

// A helper starts background routines and recovers what they panic with; the routine that reports usage
// reads a counter that was never set, at each tick. After sourcegraph/sourcegraph-public-snapshot#59793.
package main

import (
	"fmt"
	"os"
	"time"
)

type counter struct{ n int }

type usageRoutine struct {
	name    string
	counter *counter
}

// background runs f and keeps the program alive whatever that does.
func background(f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintln(os.Stderr, "goroutine panic:", r)
		}
	}()
	f()
}

func (u *usageRoutine) flush() int {
	n := u.counter.n
	u.counter.n = 0
	return n
}

func (u *usageRoutine) start(stop <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			background(func() { fmt.Println(u.name, u.flush()) })
		case <-stop:
			return
		}
	}
}

func main() {
	stop, done := make(chan struct{}), make(chan struct{})
	u := &usageRoutine{name: "gateway"}
	go func() {
		defer close(done)
		u.start(stop)
	}()
	time.Sleep(1500 * time.Millisecond)
	close(stop)
	<-done
}
