// SPDX-License-Identifier: BSD-2-Clause

// A watch that is asked for under a context that is already done gives a nil channel; who receives
// from it without looking waits for ever. After etcd-io/etcd#4626.
package main

import (
	"context"
	"fmt"
	"time"
)

type event struct{ key, value string }

type client struct{ events chan event }

func (c *client) watch(ctx context.Context, key string) <-chan event {
	if ctx.Err() != nil {
		return nil
	}
	out := make(chan event)
	go func() {
		defer close(out)
		for {
			select {
			case e := <-c.events:
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

type follower struct {
	c   *client
	key string
}

func (f *follower) follow(ctx context.Context) {
	for {
		wch := f.c.watch(ctx, f.key)
		for {
			e, ok := <-wch
			if !ok {
				break // the stream has ended: ask for a new one
			}
			fmt.Println("leader is now", e.value)
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{make(chan event)}
	f := &follower{c, "/election/leader"}
	go f.follow(ctx)
	c.events <- event{f.key, "node-1"}
	time.Sleep(500 * time.Millisecond)
	c.events <- event{f.key, "node-2"}
	time.Sleep(500 * time.Millisecond)
	cancel()
	time.Sleep(4700 * time.Millisecond)
}
