// SPDX-License-Identifier: BSD-2-Clause

//go:build cgoprogram
// +build cgoprogram

package main

// struct stack { int lo; };
// static int twice(int x) { struct stack s = { x }; return 2 * s.lo; }
import "C"

import "context"

//export GolinTestTwice
func GolinTestTwice(x int) int {
	return x * 2
}

func init() {
	more = append(more, func(context.Context) {
		if C.twice(2) != 4 {
			panic("C cannot count")
		}
	})
}
