// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.16
// +build go1.16

package main

import (
	"context"
	"os"
	"os/signal"
)

func init() {
	newer = append(newer, func() {
		_, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		stop()
	})
}
