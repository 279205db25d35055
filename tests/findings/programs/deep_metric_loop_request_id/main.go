// A metric loop puts a new request id into its own context in each round: the chain is as long as the process is old.
package main

import (
	"context"
	"fmt"
	"time"
)

type requestID struct{}

type registry struct{ samples map[string]int }

func (r *registry) collect(ctx context.Context, node int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	r.samples[fmt.Sprint("node-", node)]++
	return nil
}

func (r *registry) updateLoop(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ctx = context.WithValue(ctx, requestID{}, fmt.Sprintf("req-%06d", n))
		if err := r.collect(ctx, n%4); err != nil {
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	r := &registry{samples: map[string]int{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.updateLoop(ctx, 10*time.Millisecond)
	}()
	time.Sleep(6 * time.Second)
	cancel()
	<-done
	fmt.Println(r.samples)
}
