// A thousand calls a second, each with a timeout and a deferred cancel.
package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type backend struct{ calls atomic.Int64 }

func (b *backend) lookup(ctx context.Context, key int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	b.calls.Add(1)
	return key * 31, nil
}

func caller(ctx context.Context, b *backend, until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for time.Now().Before(until) {
		<-tick.C
		for k := 0; k < 5; k++ {
			if _, err := b.lookup(ctx, k); err != nil {
				fmt.Println(err)
			}
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := &backend{}
	until := time.Now().Add(6 * time.Second)
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go caller(ctx, b, until, &wg)
	}
	wg.Wait()
	fmt.Println(b.calls.Load())
}
