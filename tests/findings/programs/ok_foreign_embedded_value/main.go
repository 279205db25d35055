// A context type that embeds Context and overrides only Value: Done is the embedded one's, so no goroutine is started.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type userKey struct{}

type userContext struct {
	context.Context
	user string
}

func (c *userContext) Value(key any) any {
	if _, ok := key.(userKey); ok {
		return c.user
	}
	return c.Context.Value(key)
}

type handler struct{ hits int }

func (h *handler) serve(base context.Context, id int, wg *sync.WaitGroup) {
	defer wg.Done()
	uc := &userContext{base, fmt.Sprint("user-", id)}
	ctx, cancel := context.WithTimeout(uc, time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if ctx.Value(userKey{}).(string) == "" {
				panic("no user")
			}
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	h := &handler{}
	var wg sync.WaitGroup
	for id := 0; id < 200; id++ {
		wg.Add(1)
		go h.serve(base, id, &wg)
	}
	time.Sleep(6 * time.Second)
	fmt.Println(runtime.NumGoroutine(), "goroutines for 200 users")
	cancel()
	wg.Wait()
}
