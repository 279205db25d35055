// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21
// +build go1.21

package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A context of another kind, for whose parents package context keeps a stopCtx.
type foreign struct{ context.Context }

func (f foreign) AfterFunc(func()) func() bool { return func() bool { return true } }

func init() {
	newer = append(newer, func() {
		ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(context.Background()),
			time.Second, fmt.Errorf("late"))
		stop := context.AfterFunc(ctx, func() {})
		_, other := context.WithCancel(foreign{ctx})
		other()
		stop()
		cancel()
		sync.OnceFunc(func() {})()
	})
}
