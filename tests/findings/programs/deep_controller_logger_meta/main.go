// A controller keeps one context and sets the logger's metadata on it at each event, on top of all earlier ones.
package main

import (
	"context"
	"fmt"
	"time"
)

type metaKey struct{}

type meta map[string]string

type controller struct {
	ctx  context.Context
	seen int
}

func (c *controller) setMeta(kv meta) {
	c.ctx = context.WithValue(c.ctx, metaKey{}, kv)
}

func (c *controller) log(msg string) string {
	m, _ := c.ctx.Value(metaKey{}).(meta)
	return fmt.Sprint(msg, " ", m)
}

func (c *controller) sync(event, object string) {
	c.setMeta(meta{"event": event, "object": object})
	for _, res := range []string{"namespace", "status"} {
		c.setMeta(meta{"event": event, "object": object, "resource": res})
		c.seen += len(c.log("reconciled"))
	}
}

func (c *controller) run(events <-chan string) {
	for {
		select {
		case o, ok := <-events:
			if !ok {
				return
			}
			c.sync("update", o)
		case <-c.ctx.Done():
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &controller{ctx: ctx}
	events := make(chan string)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(events)
	}()
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		events <- fmt.Sprint("cluster-", i%7)
		time.Sleep(30 * time.Millisecond)
	}
	close(events)
	<-done
	fmt.Println(c.seen)
}
