// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21
// +build go1.21

package main

import "context"

func init() {
	more = append(more, func(ctx context.Context) {
		ctx = context.WithoutCancel(ctx)
		ctx, cancel := context.WithCancelCause(ctx)
		stop := context.AfterFunc(ctx, func() {})
		cancel(context.Canceled)
		stop()
	})
}
