// SPDX-License-Identifier: BSD-2-Clause

// A client that adds authentication retries under a context of its own making and ignores the one
// of the request. After stackitcloud/stackit-sdk-go#302.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type request struct {
	ctx  context.Context
	path string
}

var errTokens = errors.New("token endpoint is overloaded")

type authClient struct {
	limit time.Duration
	pause time.Duration
}

func (c *authClient) roundTrip(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errTokens
}

func (c *authClient) do(req *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.limit)
	defer cancel()
	for {
		err := c.roundTrip(ctx, req.path)
		if !errors.Is(err, errTokens) {
			return err
		}
		select {
		case <-time.After(c.pause):
		case <-ctx.Done():
			return fmt.Errorf("%w: %v", ctx.Err(), err)
		}
	}
}

func listServers(ctx context.Context, c *authClient) error {
	return c.do(&request{ctx, "/v1/servers"})
}

func main() {
	c := &authClient{30 * time.Second, 500 * time.Millisecond}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- listServers(ctx, c) }()
	select {
	case err := <-done:
		fmt.Println("list:", err)
	case <-time.After(5800 * time.Millisecond):
		fmt.Println("list: long after its deadline")
	}
}
