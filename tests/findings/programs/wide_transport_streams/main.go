// All streams of a connection derive from the transport's context and none is ever cancelled: the set only grows.
package main

import (
	"context"
	"fmt"
	"time"
)

type stream struct {
	id  int
	ctx context.Context
}

type transport struct {
	ctx     context.Context
	cancel  context.CancelFunc
	streams map[int]*stream
}

func newTransport(ctx context.Context) *transport {
	t := &transport{streams: map[int]*stream{}}
	t.ctx, t.cancel = context.WithCancel(ctx)
	return t
}

func (t *transport) operateHeaders(id int) {
	ctx, cancel := context.WithCancel(t.ctx)
	_ = cancel // the stream's end does not come here
	t.streams[id] = &stream{id, ctx}
}

func (t *transport) serve(d time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(d)
	for id := 0; time.Now().Before(end); {
		<-tick.C
		for i := 0; i < 100 && len(t.streams) < 30000; i++ {
			t.operateHeaders(id)
			id++
		}
	}
}

func main() {
	app, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := newTransport(app)
	defer t.cancel()
	t.serve(6 * time.Second)
	fmt.Println(len(t.streams), "streams under one context")
}
