// SPDX-License-Identifier: BSD-2-Clause

// A retry loop whose pauses end with the context: the right form of a sleep.
// After s2-streamstore/s2-sdk-go#207.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errBusy = errors.New("503 service unavailable")

type client struct{ pause time.Duration }

func (c *client) appendRecord(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errBusy
}

func (c *client) withRetries(ctx context.Context, f func(context.Context) error) error {
	for {
		err := f(ctx)
		if !errors.Is(err, errBusy) {
			return err
		}
		timer := time.NewTimer(c.pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func main() {
	c := &client{5 * time.Minute}
	done := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	for i := 0; i < 4; i++ {
		go func() { done <- c.withRetries(ctx, c.appendRecord) }()
	}
	time.Sleep(time.Second)
	cancel()
	for i := 0; i < 4; i++ {
		fmt.Println("append:", <-done)
	}
	time.Sleep(4500 * time.Millisecond)
}
