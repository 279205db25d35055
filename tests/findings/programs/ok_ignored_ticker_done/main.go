// SPDX-License-Identifier: BSD-2-Clause

// A health check at each tick that stops with its context, and its ticker with it.
// After openGemini/opengemini-client-go#51.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type endpoint struct {
	url  string
	down int32
}

type client struct {
	endpoints []*endpoint
	checks    int32
}

func (c *client) check(ctx context.Context, e *endpoint) {
	ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	<-ctx.Done() // no answer: the endpoint is down
	atomic.StoreInt32(&e.down, 1)
	atomic.AddInt32(&c.checks, 1)
}

func (c *client) healthCheck(ctx context.Context, e *endpoint) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.check(ctx, e)
		}
	}
}

func main() {
	c := &client{}
	for _, url := range []string{"http://10.0.0.1", "http://10.0.0.2"} {
		c.endpoints = append(c.endpoints, &endpoint{url: url})
	}
	first, cancel := context.WithCancel(context.Background())
	second, stop := context.WithCancel(context.Background())
	go c.healthCheck(first, c.endpoints[0])
	go c.healthCheck(second, c.endpoints[1])
	time.Sleep(time.Second)
	cancel() // one of them is removed, the other stays to the end
	time.Sleep(4700 * time.Millisecond)
	stop()
	fmt.Println("checked:", atomic.LoadInt32(&c.checks) > 10)
}
