// A timeout policy cancels its child context when the timer fires; a call that succeeds only stops the timer.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

var errTimeout = errors.New("timed out")

type policy struct{ limit time.Duration }

func (p *policy) execute(parent context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithCancel(parent)
	var fired atomic.Bool
	timer := time.AfterFunc(p.limit, func() {
		fired.Store(true)
		cancel()
	})
	err := fn(ctx)
	if timer.Stop() && !fired.Load() {
		return err // nobody will cancel ctx any more
	}
	return errTimeout
}

type gateway struct {
	policy *policy
	calls  int
}

func (g *gateway) forward(ctx context.Context, n int) error {
	return g.policy.execute(ctx, func(ctx context.Context) error {
		g.calls++
		select {
		case <-time.After(time.Duration(n%3) * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func main() {
	root, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := &gateway{policy: &policy{5 * time.Second}}
	end := time.Now().Add(6 * time.Second)
	for n := 0; time.Now().Before(end); n++ {
		if err := g.forward(root, n); err != nil {
			fmt.Println(err)
		}
		time.Sleep(8 * time.Millisecond)
	}
	fmt.Println(g.calls, "calls")
}
