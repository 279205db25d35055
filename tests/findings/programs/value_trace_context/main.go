// SPDX-License-Identifier: BSD-2-Clause

// A client with tracing turned on makes the context of its trace from the background one, and so
// loses the cancellable one that its user has set. After go-resty/resty#285.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

type clientTrace struct{ gotConn, firstByte time.Time }

func (t *clientTrace) createContext() context.Context {
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { t.gotConn = time.Now() },
		GotFirstResponseByte: func() { t.firstByte = time.Now() },
	})
}

type request struct {
	ctx   context.Context
	trace *clientTrace
}

func (r *request) setContext(ctx context.Context) *request {
	r.ctx = ctx
	return r
}

func (r *request) enableTrace() *request {
	r.trace = new(clientTrace)
	return r
}

func (r *request) get(url string) error {
	if r.trace != nil {
		r.ctx = r.trace.createContext()
	}
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func slowServer() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			held = append(held, c) // and never answers
		}
	}()
	return "http://" + l.Addr().String()
}

func main() {
	url := slowServer()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- new(request).setContext(ctx).enableTrace().get(url) }()
	select {
	case err := <-done:
		fmt.Println("get:", err)
	case <-time.After(5800 * time.Millisecond):
		fmt.Println("get: the timeout is lost")
	}
}
