// SPDX-License-Identifier: BSD-2-Clause

//go:build full && go1.20
// +build full,go1.20

package main

import (
	"context"
	"errors"
	"fmt"
)

func init() {
	more = append(more, func(ctx context.Context) {
		err := errors.Join(ctx.Err(), errors.New("x"))
		last.Store(fmt.Errorf("%w and %w", err, err))
	})
}
