// SPDX-License-Identifier: BSD-2-Clause

// A call gets its credentials as metadata in a context; it is made from the background one although
// the caller has one with a deadline. After grpc/grpc-go#6827.
package main

import (
	"context"
	"fmt"
	"time"
)

type mdKey struct{}

type metadata map[string]string

func newOutgoingContext(ctx context.Context, md metadata) context.Context {
	return context.WithValue(ctx, mdKey{}, md)
}

type clientConn struct{ answers chan string }

func (c *clientConn) invoke(ctx context.Context, method string) (string, error) {
	md, _ := ctx.Value(mdKey{}).(metadata)
	if md["authorization"] == "" {
		return "", fmt.Errorf("%s: unauthenticated", method)
	}
	select {
	case a := <-c.answers:
		return a, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type reply struct {
	text string
	err  error
}

func async(ctx context.Context, c *clientConn, method string) <-chan reply {
	out := make(chan reply, 1)
	go func() {
		text, err := c.invoke(ctx, method)
		out <- reply{text, err}
	}()
	return out
}

type tester struct{ cc *clientConn }

func (t *tester) perRPCCreds(ctx context.Context) error {
	token := metadata{"authorization": "Bearer 12345"}
	out := context.WithValue(context.Background(), mdKey{}, token)
	select {
	case r := <-async(out, t.cc, "/grpc.testing.TestService/UnaryCall"):
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	cc := &clientConn{make(chan string)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	login := newOutgoingContext(ctx, metadata{"authorization": "Basic x"})
	first := async(login, cc, "/grpc.testing.TestService/EmptyCall")
	cc.answers <- "welcome"
	fmt.Println((<-first).text)

	t := &tester{cc}
	done := make(chan error, 1)
	go func() { done <- t.perRPCCreds(ctx) }()
	fmt.Println("call:", <-done)
	time.Sleep(4800 * time.Millisecond)
}
