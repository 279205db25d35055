// SPDX-License-Identifier: BSD-2-Clause

// A server has a base context with values for all of its requests, made when the server is; each
// request derives its own cancellable one from it. After golang/go#30694.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type key string

type sessions struct{ n int }

func newServer(s *sessions) *http.Server {
	base := context.WithValue(context.Background(), key("sessions"), s)
	return &http.Server{
		Handler:     http.HandlerFunc(hello),
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, key("peer"), c.RemoteAddr().String())
		},
	}
}

func hello(w http.ResponseWriter, r *http.Request) {
	s, _ := r.Context().Value(key("sessions")).(*sessions)
	select {
	case <-time.After(time.Minute):
	case <-r.Context().Done():
		fmt.Println("gone, sessions:", s.n)
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv := newServer(&sessions{7})
	go srv.Serve(l)
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.AfterFunc(time.Second, func() { c.Close() })
	}
	time.Sleep(5500 * time.Millisecond)
	fmt.Println("shutdown:", srv.Shutdown(context.Background()))
}
