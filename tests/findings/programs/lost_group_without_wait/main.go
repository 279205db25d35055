// A connect that fails returns before the group's Wait, which alone would cancel the group's context.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// group is a small errgroup: its context is cancelled by the first error or by Wait.
type group struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once
	err    error
}

func withContext(parent context.Context) (*group, context.Context) {
	ctx, cancel := context.WithCancel(parent)
	return &group{cancel: cancel}, ctx
}

func (g *group) run(fn func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := fn(); err != nil {
			g.once.Do(func() { g.err = err; g.cancel() })
		}
	}()
}

func (g *group) wait() error {
	g.wg.Wait()
	g.cancel()
	return g.err
}

type store struct{ up bool }

func (s *store) connect(ctx context.Context) error {
	if !s.up || ctx.Err() != nil {
		return errors.New("store unreachable")
	}
	return nil
}

func (s *store) stream(ctx context.Context) error {
	g, gctx := withContext(ctx)
	if err := s.connect(gctx); err != nil {
		return err
	}
	g.run(func() error { return s.connect(gctx) })
	return g.wait()
}

func (s *store) retry(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	for ctx.Err() == nil {
		if err := s.stream(ctx); err != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := 0; i < 2; i++ {
		wg.Add(1)
		go (&store{}).retry(ctx, &wg)
	}
	time.Sleep(6 * time.Second)
	cancel()
	wg.Wait()
	fmt.Println("closed")
}
