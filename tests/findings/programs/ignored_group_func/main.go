// SPDX-License-Identifier: BSD-2-Clause

// A listener of a replication runs its loops in a group; one of them does not listen to the group's
// context, so that the first error ends nothing. After ihippik/wal-listener#53.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type group struct {
	wg     sync.WaitGroup
	once   sync.Once
	err    error
	cancel context.CancelFunc
}

func withContext(ctx context.Context) (*group, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	return &group{cancel: cancel}, ctx
}

func (g *group) Go(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.cancel()
			})
		}
	}()
}

type listener struct {
	wal   chan string
	acked int
}

func (l *listener) stream(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		msg, ok := <-l.wal
		if !ok {
			return errors.New("wal closed")
		}
		fmt.Println("publish", msg)
		l.acked++
	}
}

func (l *listener) refresh(ctx context.Context) error {
	select {
	case <-time.After(time.Second):
		return errors.New("refresh: connection reset")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *listener) process(parent context.Context) *group {
	g, ctx := withContext(parent)
	g.Go(func() error { return l.stream(ctx) })
	g.Go(func() error { return l.refresh(ctx) })
	return g
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l := &listener{wal: make(chan string)}
	g := l.process(ctx)
	l.wal <- "INSERT"
	time.Sleep(5800 * time.Millisecond)
	g.once.Do(func() { panic("no error after six seconds") })
	fmt.Println("listener:", g.err)
}
