// A transaction that ran into its deadline is rolled back under a fresh context with a bound of its own.
package main

import (
	"context"
	"fmt"
	"time"
)

type tx struct{ open bool }

func (t *tx) exec(ctx context.Context, took time.Duration) error {
	select {
	case <-time.After(took):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rollback must not depend on the request, whose time is up.
func (t *tx) rollback() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	select {
	case <-time.After(5 * time.Millisecond):
		t.open = false
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func transfer(took time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Millisecond)
	defer cancel()
	t := &tx{open: true}
	if err := t.exec(ctx, took); err != nil {
		if rerr := t.rollback(); rerr != nil {
			return rerr
		}
		return err
	}
	return nil
}

func main() {
	late := 0
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		if transfer(time.Duration(i%4)*25*time.Millisecond) != nil {
			late++
		}
	}
	fmt.Println(late, "transfers were rolled back")
}
