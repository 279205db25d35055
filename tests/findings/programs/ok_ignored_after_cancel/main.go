// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// What is started because a context is done: a flush by context.AfterFunc and a goroutine that tells
// others, both with that context at hand for its values and cause. They need some seconds.
// After golang/go#57928.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type sessionID struct{}

type spool struct {
	wg    sync.WaitGroup
	lines chan string
}

func (s *spool) flush(ctx context.Context) {
	defer s.wg.Done()
	for i := 0; i < 30; i++ {
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("flushed", ctx.Value(sessionID{}), context.Cause(ctx))
}

func (s *spool) tell(ctx context.Context) {
	defer s.wg.Done()
	for line := range s.lines {
		fmt.Println(line, ctx.Value(sessionID{}))
	}
}

func (s *spool) open(ctx context.Context) {
	s.wg.Add(2)
	context.AfterFunc(ctx, func() { s.flush(ctx) })
	go func() {
		<-ctx.Done()
		go s.tell(ctx)
	}()
}

func main() {
	s := &spool{lines: make(chan string)}
	base := context.WithValue(context.Background(), sessionID{}, "session 7")
	ctx, cancel := context.WithCancelCause(base)
	s.open(ctx)
	time.Sleep(time.Second)
	cancel(errors.New("logged out"))
	time.Sleep(4 * time.Second)
	s.lines <- "gone:"
	close(s.lines)
	s.wg.Wait()
	time.Sleep(500 * time.Millisecond)
}
