// SPDX-License-Identifier: BSD-2-Clause

// A reader of lines waits in an io.Pipe, which knows no context: a watcher closes the pipe when the
// context ends. After catatsuy/notify_slack#223.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"
)

func lines(ctx context.Context, r *io.PipeReader) error {
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-ctx.Done():
			r.CloseWithError(ctx.Err())
		case <-stop:
		}
	}()
	s := bufio.NewScanner(r)
	for s.Scan() {
		fmt.Println("slack:", s.Text())
	}
	return s.Err()
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- lines(ctx, r) }()
	fmt.Fprintln(w, "first")
	fmt.Fprintln(w, "second")
	time.Sleep(time.Second)
	cancel()
	fmt.Println("lines:", <-done)
	time.Sleep(4600 * time.Millisecond)
}
