// SPDX-License-Identifier: BSD-2-Clause

// A middleware gives each request a base context with the server's values and drops the request's
// own, with its cancel. After go-chi/chi#509.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type key string

type serverBase struct {
	base context.Context
	next http.Handler
}

func (s *serverBase) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := s.base
	if v, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok {
		ctx = context.WithValue(ctx, http.ServerContextKey, v)
	}
	s.next.ServeHTTP(w, r.WithContext(ctx))
}

// events is right in itself: it stops when its request does.
func events(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	select {
	case <-time.After(time.Minute):
		fmt.Fprintln(w, "data: something")
	case <-r.Context().Done():
		fmt.Println("events: client gone")
	}
}

func main() {
	base := context.WithValue(context.Background(), key("env"), "production")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, &serverBase{base, http.HandlerFunc(events)})

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	time.Sleep(time.Second)
	c.Close()
	time.Sleep(4800 * time.Millisecond)
}
