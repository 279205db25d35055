// Tasks that run into their deadline clean up with a timeout of their own, under the context that has just expired.
package main

import (
	"context"
	"fmt"
	"time"
)

type lock struct{ held map[string]bool }

func (l *lock) release(ctx context.Context, key string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Millisecond):
		delete(l.held, key)
		return nil
	}
}

type task struct {
	key   string
	locks *lock
}

// cleanup is meant to have 20 seconds; as the parent is done it has none, and the lock stays.
func (t *task) cleanup(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return t.locks.release(ctx, t.key)
}

func (t *task) work(ctx context.Context) error {
	<-ctx.Done() // the backend does not answer
	return ctx.Err()
}

func (t *task) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 80*time.Millisecond)
	defer cancel()
	t.locks.held[t.key] = true
	err := t.work(ctx)
	if cerr := t.cleanup(ctx); cerr != nil {
		return fmt.Errorf("cleanup: %v after %w", cerr, err)
	}
	return err
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &lock{held: map[string]bool{}}
	for i := 0; i < 60; i++ {
		t := &task{key: fmt.Sprint("task-", i), locks: l}
		_ = t.run(ctx)
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(len(l.held), "locks still held")
}
