// SPDX-License-Identifier: BSD-2-Clause

// A look-up gives the cache a short time, and then asks the database under the context of its
// caller, in the same function: the short context is done, the caller's is not.
// After go-chi/httprate-redis#22.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type backend struct {
	name   string
	answer chan string
}

func (b *backend) get(ctx context.Context, key string) (string, error) {
	select {
	case v := <-b.answer:
		return v + " of " + key, nil
	case <-ctx.Done():
		return "", fmt.Errorf("%s: %w", b.name, ctx.Err())
	}
}

type store struct{ cache, db *backend }

func (s *store) lookup(ctx context.Context, key string) (string, error) {
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	v, err := s.cache.get(short, key)
	if err == nil {
		return v, nil
	}
	return s.db.get(ctx, key)
}

func main() {
	s := &store{&backend{"cache", make(chan string)}, &backend{"db", make(chan string)}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			v, err := s.lookup(ctx, fmt.Sprint("user ", i))
			if err != nil || v == "" {
				fmt.Println("lookup:", err)
			}
		}(i)
	}
	time.Sleep(5500 * time.Millisecond)
	for i := 0; i < 4; i++ {
		s.db.answer <- "row"
	}
	wg.Wait()
}
