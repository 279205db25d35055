// SPDX-License-Identifier: BSD-2-Clause

// Waits for a slot of time by looking at the clock between short sleeps; the context that it was
// given is not asked. After ssvlabs/ssv#2354.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type clock struct{ genesis time.Time }

func (c *clock) slot() int {
	return int(time.Since(c.genesis) / (10 * time.Second))
}

type beaconClient struct{ clock *clock }

func (b *beaconClient) waitForSlot(n int) {
	for b.clock.slot() < n {
		time.Sleep(30 * time.Millisecond)
	}
}

func (b *beaconClient) submit(ctx context.Context, slot int) error {
	b.waitForSlot(slot)
	if ctx.Err() != nil {
		return errors.New("too late")
	}
	fmt.Println("submitted for", slot)
	return nil
}

func main() {
	b := &beaconClient{&clock{time.Now()}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 3)
	for slot := 0; slot < 3; slot++ {
		go func(slot int) { done <- b.submit(ctx, slot) }(slot)
	}
	fmt.Println("slot 0:", <-done)
	time.Sleep(time.Second)
	cancel()
	select {
	case err := <-done:
		fmt.Println("next slot:", err)
	case <-time.After(4700 * time.Millisecond):
		fmt.Println("next slot: still waited for")
	}
}
