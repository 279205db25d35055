// SPDX-License-Identifier: BSD-2-Clause

// An interpreter runs a loop of a script without ever asking its context: after the cancel it
// computes on. After DataDog/rshell#79.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

type interp struct {
	vars  map[string]uint64
	steps uint64
}

func (in *interp) step(name string) {
	v := in.vars[name]
	v ^= v << 13
	v ^= v >> 7
	v ^= v << 17
	in.vars[name] = v
	atomic.AddUint64(&in.steps, 1)
}

// run is "for NAME in 1..n; do ...; done" for each name of the script.
func (in *interp) run(ctx context.Context, script []string, n uint64, done chan<- error) {
	for _, name := range script {
		if err := ctx.Err(); err != nil {
			done <- err
			return
		}
		in.vars[name] = 88172645463325252
		for i := uint64(0); i < n; i++ {
			in.step(name)
		}
	}
	done <- nil
}

func main() {
	runtime.GOMAXPROCS(2)
	in := &interp{vars: map[string]uint64{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan error, 1)
	go in.run(ctx, []string{"a", "b"}, 1<<40, done)
	select {
	case err := <-done:
		fmt.Println("script:", err)
	case <-time.After(5500 * time.Millisecond):
		fmt.Println("script: at step", atomic.LoadUint64(&in.steps)>>20, "Mi")
	}
}
