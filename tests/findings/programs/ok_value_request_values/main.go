// SPDX-License-Identifier: BSD-2-Clause

// Middlewares hang their values on the context of the request, and a goroutine of the handler gets
// it: values and cancel go together. After honeycombio/beeline-go#20.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type key string

func with(k key, v string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), k, v)))
	})
}

func backend(ctx context.Context, out chan<- string) {
	span := context.WithValue(ctx, key("span"), "backend")
	select {
	case <-time.After(time.Minute):
		out <- "data"
	case <-span.Done():
		out <- fmt.Sprint(span.Value(key("trace")), " ", span.Value(key("user")), " ", span.Err())
	}
}

func handler(w http.ResponseWriter, r *http.Request) {
	out := make(chan string, 1)
	go backend(r.Context(), out)
	fmt.Println(<-out)
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, with("trace", "4bf92f35", with("user", "jane", http.HandlerFunc(handler))))
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.AfterFunc(time.Second, func() { c.Close() })
	}
	time.Sleep(5700 * time.Millisecond)
}
