// A file system's own context wraps the standard one and its WithValue changes it in place; one instance is global.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type metaContext struct {
	context.Context
	mu  sync.Mutex
	uid uint32
}

type opKey struct{}

func (c *metaContext) withValue(k, v any) *metaContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Context = context.WithValue(c.Context, k, v)
	return c
}

var background *metaContext

type gateway struct{ objects map[string]int }

func (g *gateway) put(name string, size int) error {
	ctx := background.withValue(opKey{}, name)
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Value(opKey{}) == nil {
		return fmt.Errorf("no operation for %s", name)
	}
	g.objects[name] = size
	return nil
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	background = &metaContext{Context: ctx, uid: 1000}
	g := &gateway{objects: map[string]int{}}
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		if err := g.put(fmt.Sprint("object-", i%40), i); err != nil {
			fmt.Println(err)
		}
		time.Sleep(8 * time.Millisecond)
	}
	fmt.Println(len(g.objects), "objects")
}
