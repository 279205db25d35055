// SPDX-License-Identifier: BSD-2-Clause

// A retry helper that takes a context and sleeps between its tries with time.Sleep: a caller that
// gives up is not heard before the sleep is over. After oracle/oci-go-sdk#133.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errBusy = errors.New("429 too many requests")

type policy struct {
	tries int
	delay func(try int) time.Duration
}

type client struct{ policy policy }

func (c *client) send(ctx context.Context, what string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", what, errBusy)
}

func (c *client) retry(ctx context.Context, what string) error {
	var err error
	for try := 0; try < c.policy.tries; try++ {
		err = c.send(ctx, what)
		if err == nil || !errors.Is(err, errBusy) {
			return err
		}
		time.Sleep(c.policy.delay(try))
	}
	return err
}

func main() {
	c := &client{policy{tries: 6, delay: func(try int) time.Duration {
		return 300 * time.Millisecond << (5 * try)
	}}}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- c.retry(ctx, "launch instance") }()

	time.Sleep(time.Second)
	cancel()
	select {
	case err := <-result:
		fmt.Println("launch:", err)
	case <-time.After(5500 * time.Millisecond):
		fmt.Println("launch: still asleep")
	}
}
