// SPDX-License-Identifier: BSD-2-Clause

// A proxy hangs the attachments of a call on a background context and hands that to the invoker: the
// context of the caller, with its deadline, goes no further. After apache/dubbo-go#3557.
package main

import (
	"context"
	"fmt"
	"time"
)

type attachmentKey string

type invocation struct {
	method string
	result chan error
}

type invoker struct{ provider chan string }

func (i *invoker) invoke(ctx context.Context, inv *invocation) {
	group, _ := ctx.Value(attachmentKey("group")).(string)
	select {
	case answer := <-i.provider:
		fmt.Println(inv.method, group, answer)
		inv.result <- nil
	case <-ctx.Done():
		inv.result <- ctx.Err()
	}
}

type proxy struct {
	i           *invoker
	attachments map[string]string
}

func (p *proxy) call(ctx context.Context, method string) error {
	inv := &invocation{method, make(chan error, 1)}
	invCtx := context.Background()
	for k, v := range p.attachments {
		invCtx = context.WithValue(invCtx, attachmentKey(k), v)
	}
	go p.i.invoke(invCtx, inv)
	select {
	case err := <-inv.result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func consumer(ctx context.Context, p *proxy, done chan<- error) {
	err := p.call(ctx, "GetUser")
	fmt.Println("GetUser:", err)
	done <- p.call(ctx, "ListUsers")
}

func main() {
	p := &proxy{&invoker{make(chan string)}, map[string]string{"group": "blue", "version": "2"}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go consumer(ctx, p, done)
	p.i.provider <- "user 1"
	time.Sleep(time.Second)
	cancel()
	fmt.Println("ListUsers:", <-done)
	time.Sleep(4800 * time.Millisecond)
}
