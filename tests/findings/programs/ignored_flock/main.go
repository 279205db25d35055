// SPDX-License-Identifier: BSD-2-Clause

// A lock on a file is taken with flock(2) in a loop that looks at the context between its calls;
// the call itself waits for the other holder, whatever becomes of the context.
// After browseros-ai/BrowserOS#1504.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

func flock(ctx context.Context, fd int) error {
	for {
		err := syscall.Flock(fd, syscall.LOCK_EX)
		if err == nil || !errors.Is(err, syscall.EINTR) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("acquire lock: %w", err)
		}
	}
}

func withLock(ctx context.Context, path string, f func()) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := flock(ctx, int(file.Fd())); err != nil {
		return err
	}
	f()
	return nil
}

func main() {
	file, err := os.CreateTemp("", "checkout-*.lock")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		panic(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- withLock(ctx, file.Name(), func() { fmt.Println("refreshed") })
	}()
	time.Sleep(time.Second)
	cancel()
	select {
	case err := <-done:
		fmt.Println("refresh:", err)
	case <-time.After(4700 * time.Millisecond):
		fmt.Println("refresh: still in flock")
	}
}
