// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.23
// +build go1.23

package main

import (
	"fmt"
	"iter"
)

func init() {
	newer = append(newer, func() {
		next, stop := iter.Pull(func(yield func(int) bool) { yield(1) })
		fmt.Println(next())
		stop()
	})
}
