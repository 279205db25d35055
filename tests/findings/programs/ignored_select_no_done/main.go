// SPDX-License-Identifier: BSD-2-Clause

// A watcher waits for new data or its own long timeout; the context of the caller, who shuts down,
// is no case of its select. After hashicorp/hcat#7.
package main

import (
	"context"
	"fmt"
	"time"
)

type view struct{ key, data string }

type watcher struct {
	dataCh chan view
	errCh  chan error
	cache  map[string]string
}

func newWatcher() *watcher {
	return &watcher{make(chan view, 8), make(chan error), map[string]string{}}
}

func (w *watcher) wait(timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		select {
		case v := <-w.dataCh:
			w.cache[v.key] = v.data
			if len(w.dataCh) == 0 {
				return nil
			}
		case err := <-w.errCh:
			return err
		case <-timer.C:
			return fmt.Errorf("no data in %v", timeout)
		}
	}
}

type runner struct{ w *watcher }

func (r *runner) run(ctx context.Context, done chan<- int) {
	renders := 0
	for ctx.Err() == nil {
		if err := r.w.wait(5 * time.Minute); err != nil {
			break
		}
		renders++
	}
	done <- renders
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	r := &runner{newWatcher()}
	done := make(chan int, 1)
	go r.run(ctx, done)
	for i := 0; i < 3; i++ {
		r.w.dataCh <- view{fmt.Sprint("key", i), "value"}
		time.Sleep(300 * time.Millisecond)
	}
	cancel()
	select {
	case n := <-done:
		fmt.Println("rendered", n)
	case <-time.After(4800 * time.Millisecond):
		fmt.Println("the runner does not stop")
	}
}
