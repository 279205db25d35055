// A worker runs each activity under a deadline of an hour and drops the cancel function: the hour keeps it alive.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type task struct {
	name    string
	timeout time.Duration
}

type worker struct {
	base  context.Context
	tasks chan task
	done  int
}

func (w *worker) poll(ctx context.Context, t task) error {
	select {
	case <-time.After(time.Millisecond):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", t.name, ctx.Err())
	}
}

func activityContext(base context.Context, t task) context.Context {
	ctx, cancel := context.WithDeadline(base, time.Now().Add(t.timeout))
	_ = cancel
	return ctx
}

func (w *worker) process(t task) error {
	ctx := activityContext(w.base, t)
	return w.poll(ctx, t)
}

func (w *worker) run(wg *sync.WaitGroup) {
	defer wg.Done()
	for t := range w.tasks {
		if err := w.process(t); err != nil {
			fmt.Println(err)
		}
		w.done++
	}
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &worker{base: base, tasks: make(chan task)}
	var wg sync.WaitGroup
	wg.Add(1)
	go w.run(&wg)
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		w.tasks <- task{fmt.Sprint("activity-", i), time.Hour}
		time.Sleep(10 * time.Millisecond)
	}
	close(w.tasks)
	wg.Wait()
	fmt.Println(w.done, "activities")
}
