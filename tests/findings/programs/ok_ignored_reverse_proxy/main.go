// SPDX-License-Identifier: BSD-2-Clause

// httputil.ReverseProxy between a client that leaves and an upstream that listens to its request:
// all of them end. After golang/go#20071.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(time.Minute):
		fmt.Fprintln(w, "result")
	case <-r.Context().Done():
		time.Sleep(300 * time.Millisecond) // tidies up
		fmt.Println("upstream:", r.Context().Err())
	}
}

func serve(h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, h)
	return l.Addr().String()
}

func main() {
	upstream, err := url.Parse("http://" + serve(http.HandlerFunc(slow)))
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	addr := serve(proxy)
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.AfterFunc(time.Second, func() { c.Close() })
	}
	time.Sleep(5700 * time.Millisecond)
}
