// SPDX-License-Identifier: BSD-2-Clause

// An engine computes in cycles and asks for the context at the start of each: it ends within one
// cycle, 300 ms. After hyperjumptech/grule-rule-engine#123.
package main

import (
	"context"
	"fmt"
	"time"
)

type engine struct{ facts map[string]uint64 }

func (e *engine) cycle(until time.Time) {
	v := e.facts["x"]
	for n := 0; ; n++ {
		v ^= v << 13
		v ^= v >> 7
		v ^= v << 17
		if n%100000 == 0 && time.Now().After(until) {
			break
		}
	}
	e.facts["x"] = v
}

func (e *engine) execute(ctx context.Context) (int, error) {
	for cycles := 0; ; cycles++ {
		if err := ctx.Err(); err != nil {
			return cycles, err
		}
		e.cycle(time.Now().Add(300 * time.Millisecond))
	}
}

func main() {
	e := &engine{map[string]uint64{"x": 88172645463325252}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err := e.execute(ctx)
		fmt.Println("cycles:", n > 1, err)
	}()
	<-done
	time.Sleep(4500 * time.Millisecond)
}
