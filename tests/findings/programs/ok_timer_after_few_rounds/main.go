// Requests that fail wait with time.After before the next of at most four tries: each timer fires within 40 ms.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type flaky struct{ n int }

func (f *flaky) get() error {
	f.n++
	if f.n%3 != 0 {
		return errors.New("try again")
	}
	return nil
}

func (f *flaky) getWithRetry(ctx context.Context) (err error) {
	wait := 5 * time.Millisecond
	for try := 0; try < 4; try++ {
		if err = f.get(); err == nil {
			return nil
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := &flaky{}
	end := time.Now().Add(6 * time.Second)
	failed := 0
	for time.Now().Before(end) {
		if err := f.getWithRetry(ctx); err != nil {
			failed++
		}
	}
	fmt.Println(f.n, failed)
}
