// A request type with its own Done channel; the calls under it take a millisecond and cancel: no goroutine stays.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type request struct {
	id   int
	done chan struct{}
}

func (r *request) Deadline() (deadline time.Time, ok bool) { return }
func (r *request) Done() <-chan struct{}                   { return r.done }
func (r *request) Value(any) any                           { return r.id }
func (r *request) Err() error {
	select {
	case <-r.done:
		return context.Canceled
	default:
		return nil
	}
}

type db struct {
	mu   sync.Mutex
	rows int
}

func (d *db) insert(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, time.Second)
	defer cancel()
	select {
	case <-time.After(time.Millisecond):
		d.mu.Lock()
		d.rows++
		d.mu.Unlock()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	d := &db{}
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		r := &request{id: i, done: make(chan struct{})}
		if err := d.insert(r); err != nil {
			fmt.Println(err)
		}
		close(r.done)
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(d.rows, "rows")
}
