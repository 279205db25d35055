// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.23
// +build go1.23

package main

import (
	"context"
	"iter"
)

func init() {
	more = append(more, func(context.Context) {
		next, stop := iter.Pull(func(yield func(int) bool) { yield(1) })
		next()
		stop()
	})
}
