// SPDX-License-Identifier: BSD-2-Clause

// A reconciler hears the cancel and then removes what it has made, under a context of its own with
// ten seconds: it needs three. After googleapis/google-cloud-go#12897.
package main

import (
	"context"
	"fmt"
	"time"
)

type cloud struct{ vms map[int]bool }

func (c *cloud) remove(ctx context.Context, id int) error {
	select {
	case <-time.After(time.Second):
		delete(c.vms, id)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *cloud) wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (c *cloud) rollback() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for id := range c.vms {
		if err := c.remove(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (c *cloud) transaction(ctx context.Context) error {
	for id := 0; id < 3; id++ {
		c.vms[id] = true
	}
	if err := c.wait(ctx); err != nil {
		if undo := c.rollback(); undo != nil {
			return undo
		}
		return err
	}
	return nil
}

func main() {
	c := &cloud{map[int]bool{}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan error)
	go func() { done <- c.transaction(ctx) }()
	fmt.Println("transaction:", <-done)
	fmt.Println("left:", len(c.vms))
	time.Sleep(1500 * time.Millisecond)
}
