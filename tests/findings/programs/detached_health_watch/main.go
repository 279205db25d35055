// SPDX-License-Identifier: BSD-2-Clause

// An invoker starts a health watch under a new root context: the caller's context ends, the invoker
// leaves, the watch stays. After apache/dubbo-go#3557.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type invoker struct {
	url     string
	healthy int32
	beats   chan bool
	cancel  context.CancelFunc
}

func (i *invoker) watch(ctx context.Context) {
	for {
		select {
		case ok := <-i.beats:
			if ok {
				atomic.StoreInt32(&i.healthy, 1)
			} else {
				atomic.StoreInt32(&i.healthy, 0)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (i *invoker) startHealthWatch() {
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel = cancel
	go i.watch(ctx)
}

func (i *invoker) destroy() {
	i.cancel()
}

// serve is the life of an invoker: until its caller's context ends.
func (i *invoker) serve(ctx context.Context, calls <-chan string) {
	i.startHealthWatch()
	for {
		select {
		case method := <-calls:
			fmt.Println("invoke", method, "healthy:", atomic.LoadInt32(&i.healthy))
		case <-ctx.Done():
			fmt.Println("invoker:", ctx.Err())
			return
		}
	}
}

func main() {
	i := &invoker{url: "tri://127.0.0.1:20000", beats: make(chan bool)}
	calls := make(chan string)
	ctx, cancel := context.WithCancel(context.Background())
	go i.serve(ctx, calls)
	calls <- "sayHello"
	i.beats <- true
	calls <- "sayHello"
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4800 * time.Millisecond)
	i.destroy() // nobody did
}
