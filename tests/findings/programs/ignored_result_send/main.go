// SPDX-License-Identifier: BSD-2-Clause

// A client runs each request in a goroutine of its own and leaves when its context ends; the
// goroutine then sends the result on an unbuffered channel without a receiver.
// After bookingcom/carbonapi#193.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type response struct {
	body string
	err  error
}

type backend struct{ latency time.Duration }

func (b *backend) roundTrip(ctx context.Context, path string) response {
	timer := time.NewTimer(b.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return response{body: "metrics of " + path}
	case <-ctx.Done():
		return response{err: ctx.Err()}
	}
}

func (b *backend) do(ctx context.Context, path string) (string, error) {
	ch := make(chan response)
	go func() {
		ch <- b.roundTrip(ctx, path)
	}()
	select {
	case res := <-ch:
		return res.body, res.err
	case <-ctx.Done():
		// the goroutine must not find us still listening: leave at once
		return "", fmt.Errorf("render %s: %w", path, ctx.Err())
	}
}

func main() {
	b := &backend{latency: time.Minute}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	left := 0
	done := make(chan error)
	for i := 0; i < 20; i++ {
		go func(i int) {
			_, err := b.do(ctx, fmt.Sprintf("host%d.cpu", i))
			done <- err
		}(i)
	}
	for i := 0; i < 20; i++ {
		if err := <-done; errors.Is(err, context.DeadlineExceeded) {
			left++
		}
	}
	fmt.Println("requests that ran out of time:", left)
	time.Sleep(4500 * time.Millisecond)
}
