// SPDX-License-Identifier: BSD-2-Clause

// A handler of server-sent events that ends with its request. After r3labs/sse#102.
package main

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

type stream struct{ open int32 }

func (s *stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	atomic.AddInt32(&s.open, 1)
	defer atomic.AddInt32(&s.open, -1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			fmt.Fprint(w, "data: ping\n\n")
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func main() {
	s := new(stream)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, s)
	var conns []net.Conn
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		conns = append(conns, c)
	}
	time.Sleep(time.Second)
	for _, c := range conns[1:] {
		c.Close()
	}
	time.Sleep(4700 * time.Millisecond)
	fmt.Println("streams:", atomic.LoadInt32(&s.open))
	conns[0].Close()
}
