// SPDX-License-Identifier: BSD-2-Clause

// A weighted semaphore whose Acquire ends with the context; who has acquired works on for a short
// time and releases. After golang/go#63615.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type semaphore struct{ slots chan struct{} }

func (s *semaphore) acquire(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		if err := ctx.Err(); err != nil {
			s.release()
			return err
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *semaphore) release() { <-s.slots }

func resize(ctx context.Context, s *semaphore, image int) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	for row := 0; row < 100; row++ {
		if row%10 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func main() {
	s := &semaphore{make(chan struct{}, 2)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			if err := resize(ctx, s, i); err == nil {
				fmt.Println("resized", i)
			}
		}(i)
	}
	wg.Wait()
	fmt.Println("slots in use:", len(s.slots))
	time.Sleep(4 * time.Second)
}
