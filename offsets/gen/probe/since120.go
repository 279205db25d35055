// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.20
// +build go1.20

package main

import (
	"context"
	"errors"
	"fmt"
)

func init() {
	newer = append(newer, func() {
		ctx, cancel := context.WithCancelCause(context.Background())
		one, two := errors.New("one"), errors.New("two")
		cancel(errors.Join(one, two))
		fmt.Println(context.Cause(ctx), fmt.Errorf("%w and %w", one, two))
	})
}
