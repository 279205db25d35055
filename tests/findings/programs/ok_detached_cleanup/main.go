// SPDX-License-Identifier: BSD-2-Clause

// What was begun is removed when its context is done, under a fresh context with ten seconds; that
// takes half a second. After containerd/containerd#7861.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

type snapshotter struct{ left map[string]bool }

func (s *snapshotter) prepare(ctx context.Context, key string) error {
	s.left[key] = true
	return ctx.Err()
}

func (s *snapshotter) remove(ctx context.Context, key string) error {
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		delete(s.left, key)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func cleanup(do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := do(ctx); err != nil {
		fmt.Println("cleanup:", err)
	}
}

func createDiff(ctx context.Context, s *snapshotter) error {
	if err := s.prepare(ctx, "lower"); err != nil {
		return err
	}
	defer cleanup(func(ctx context.Context) error { return s.remove(ctx, "lower") })
	select {
	case <-time.After(time.Minute):
		return errors.New("no diff")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	s := &snapshotter{map[string]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- createDiff(ctx, s) }()
	time.Sleep(time.Second)
	cancel()
	fmt.Println("diff:", <-done, "left:", len(s.left))
	time.Sleep(4 * time.Second)
}
