// Two thousand calls at once, each under a deadline of a minute: the timers are the contexts' own and end with them.
package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type backend struct{ done atomic.Int64 }

func (b *backend) call(ctx context.Context, took time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-time.After(took):
		b.done.Add(1)
	}
}

func caller(ctx context.Context, b *backend, i int, until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	for time.Now().Before(until) {
		b.call(ctx, time.Duration(400+i%300)*time.Millisecond)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b := &backend{}
	until := time.Now().Add(5500 * time.Millisecond)
	var wg sync.WaitGroup
	for i := 0; i < 2000; i++ {
		wg.Add(1)
		go caller(ctx, b, i, until, &wg)
	}
	wg.Wait()
	fmt.Println(b.done.Load(), "calls")
}
