// A client adds its default only where the caller has no deadline or a later one, so what it sets can always fire.
package main

import (
	"context"
	"fmt"
	"time"
)

type rpc struct{ timeout time.Duration }

func (r *rpc) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(r.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(limit) {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, limit)
}

func (r *rpc) call(ctx context.Context, took time.Duration) error {
	ctx, cancel := r.bound(ctx)
	defer cancel()
	select {
	case <-time.After(took):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	r := &rpc{timeout: 500 * time.Millisecond}
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	failed := 0
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		ctx, stop := base, func() {}
		if i%3 != 0 {
			ctx, stop = context.WithTimeout(base, 50*time.Millisecond)
		}
		if err := r.call(ctx, time.Duration(i%7)*10*time.Millisecond); err != nil {
			failed++
		}
		stop()
	}
	fmt.Println(failed, "calls failed")
}
