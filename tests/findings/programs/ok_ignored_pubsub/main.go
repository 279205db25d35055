// SPDX-License-Identifier: BSD-2-Clause

// A broker with subscribers: each leaves with its own context, the broker lives under its own, and
// its channel is left to idle. After hashicorp/go-eventlogger#7.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type broker struct {
	mu   sync.Mutex
	subs map[chan string]context.Context
	in   chan string
}

func (b *broker) subscribe(ctx context.Context) <-chan string {
	c := make(chan string)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[c] = ctx
	return c
}

func (b *broker) deliver(event string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c, ctx := range b.subs {
		select {
		case c <- event:
		case <-ctx.Done():
			delete(b.subs, c)
		}
	}
}

func (b *broker) run(ctx context.Context) {
	for {
		select {
		case e := <-b.in:
			b.deliver(e)
		case <-ctx.Done():
			return
		}
	}
}

func sink(ctx context.Context, name string, events <-chan string) {
	for {
		select {
		case e := <-events:
			fmt.Println(name, e)
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	life, stop := context.WithCancel(context.Background())
	b := &broker{subs: map[chan string]context.Context{}, in: make(chan string)}
	go b.run(life)
	short, cancel := context.WithTimeout(life, time.Second)
	defer cancel()
	go sink(life, "file", b.subscribe(life))
	for i := 0; i < 3; i++ {
		go sink(short, "tail", b.subscribe(short))
	}
	for i := 0; i < 4; i++ {
		b.in <- fmt.Sprint("event ", i)
		time.Sleep(500 * time.Millisecond)
	}
	time.Sleep(3700 * time.Millisecond)
	stop()
	time.Sleep(100 * time.Millisecond)
}
