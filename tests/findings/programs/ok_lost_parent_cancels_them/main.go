// A request's fan-out drops its children's cancel functions: the request's own, deferred, ends them all in time.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type shard struct{ id int }

func (s shard) get(ctx context.Context, key string) (string, error) {
	select {
	case <-time.After(time.Duration(s.id) * time.Millisecond):
		return fmt.Sprint(key, "@", s.id), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// branch gives a shard its own context; whoever holds the request's ends it.
func branch(ctx context.Context) context.Context {
	child, cancel := context.WithCancel(ctx)
	_ = cancel
	return child
}

func request(base context.Context, key string, shards []shard) int {
	ctx, cancel := context.WithTimeout(base, time.Second)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	found := 0
	for _, s := range shards {
		wg.Add(1)
		go func(ctx context.Context, s shard) {
			defer wg.Done()
			if _, err := s.get(ctx, key); err == nil {
				mu.Lock()
				found++
				mu.Unlock()
			}
		}(branch(ctx), s)
	}
	wg.Wait()
	return found
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	var shards []shard
	for i := 0; i < 8; i++ {
		shards = append(shards, shard{i})
	}
	found := 0
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		found += request(base, fmt.Sprint("k", i), shards)
	}
	fmt.Println(found)
}
