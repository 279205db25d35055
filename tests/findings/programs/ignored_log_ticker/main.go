// SPDX-License-Identifier: BSD-2-Clause

// A worker streams the log of a build at each tick, with calls under the build's context; that is
// cancelled, each call fails, and the ticks go on. After PikoCI/pikoci#382.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type api struct{ failed int32 }

func (a *api) updateBuild(ctx context.Context, log string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	select {
	case <-time.After(5 * time.Millisecond):
		return nil
	case <-ctx.Done():
		atomic.AddInt32(&a.failed, 1)
		return ctx.Err()
	}
}

type runner struct {
	a    *api
	exit chan int
}

func (r *runner) stream(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
			if err := r.a.updateBuild(ctx, fmt.Sprint("line ", n)); err != nil {
				continue // it may go better at the next tick
			}
		case code := <-r.exit:
			fmt.Println("build ended:", code)
			return
		}
	}
}

func main() {
	r := &runner{new(api), make(chan int)}
	ctx, cancel := context.WithCancel(context.Background())
	go r.stream(ctx, 100*time.Millisecond)
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4800 * time.Millisecond)
	fmt.Println("failed more than twenty times:", atomic.LoadInt32(&r.a.failed) > 20)
}
