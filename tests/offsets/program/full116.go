// SPDX-License-Identifier: BSD-2-Clause

//go:build full && go1.16
// +build full,go1.16

package main

import (
	"context"
	"os"
	"os/signal"
)

func init() {
	more = append(more, func(ctx context.Context) {
		_, stop := signal.NotifyContext(ctx, os.Interrupt)
		stop()
	})
}
