// A client's default of ten seconds guards background jobs; a few callers bring a shorter deadline of their own.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type client struct{ timeout time.Duration }

func (c *client) do(ctx context.Context, what string) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	select {
	case <-time.After(8 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
}

func refresh(ctx context.Context, c *client, wg *sync.WaitGroup) {
	defer wg.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(30 * time.Millisecond):
			if err := c.do(ctx, "refresh"); err != nil {
				fmt.Println(err)
			}
		}
	}
}

func interactive(ctx context.Context, c *client) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := c.do(ctx, "lookup"); err != nil {
		fmt.Println(err)
	}
}

func main() {
	c := &client{timeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go refresh(ctx, c, &wg)
	}
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		interactive(ctx, c)
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	wg.Wait()
}
