// Each gossip message takes a guarded context under the daemon's quit context; what releases it is never called.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type guard struct {
	mu   sync.Mutex
	quit context.Context
	open int
}

// create returns a context that ends with the daemon, and what should be called when it is not needed any more.
func (g *guard) create() (context.Context, func()) {
	g.mu.Lock()
	g.open++
	g.mu.Unlock()
	ctx, cancel := context.WithCancel(g.quit)
	return ctx, func() {
		cancel()
		g.mu.Lock()
		g.open--
		g.mu.Unlock()
	}
}

type gossiper struct {
	guard *guard
	graph map[int]int
}

func (g *gossiper) process(msg int) error {
	ctx, _ := g.guard.create()
	if err := ctx.Err(); err != nil {
		return err
	}
	g.graph[msg%97]++
	return nil
}

func main() {
	quit, cancel := context.WithCancel(context.Background())
	defer cancel()
	g := &gossiper{guard: &guard{quit: quit}, graph: map[int]int{}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(6 * time.Second)
	for msg := 0; time.Now().Before(end); {
		<-tick.C
		for i := 0; i < 40; i++ {
			if err := g.process(msg); err != nil {
				fmt.Println(err)
			}
			msg++
		}
	}
	fmt.Println(g.guard.open, "guards open")
}
