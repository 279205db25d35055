// SPDX-License-Identifier: BSD-2-Clause

// An interpreter unwinds its own frames by a panic at break, return and error of a script, thousands of times.
// After go-interpreter/wagon#57.
package main

import (
	"fmt"
	"time"
)

type signal int

const (
	breakLoop signal = iota + 1
	returnValue
)

type vm struct{ steps int }

func (v *vm) block(depth int) {
	v.steps++
	if depth == 0 {
		panic(returnValue)
	}
	v.block(depth - 1)
}

func (v *vm) call(depth int) (left bool) {
	defer func() {
		if s, ok := recover().(signal); ok {
			left = s == returnValue
		}
	}()
	v.block(depth)
	return false
}

func main() {
	v, calls := &vm{}, 0
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); {
		for i := 0; i < 20; i++ {
			if v.call(i) {
				calls++
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(calls > 0, v.steps > 0)
}
