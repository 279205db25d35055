// SPDX-License-Identifier: BSD-2-Clause

// A server of JSON-RPC hangs the attachments of a request on a new background context and queues the
// call: who asked goes away, and the call is worked on all the same. After apache/dubbo-go#3557.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

type attachmentKey struct{}

type call struct {
	ctx    context.Context
	method string
	result chan string
}

type rpcServer struct {
	queue chan call
	busy  int32
}

func (s *rpcServer) worker() {
	for c := range s.queue {
		atomic.AddInt32(&s.busy, 1)
		select {
		case <-time.After(time.Minute):
			c.result <- c.method
		case <-c.ctx.Done():
			c.result <- c.ctx.Err().Error()
		}
		atomic.AddInt32(&s.busy, -1)
	}
}

func (s *rpcServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithValue(context.Background(), attachmentKey{}, r.Header)
	c := call{ctx, r.URL.Path, make(chan string, 1)}
	s.queue <- c
	select {
	case res := <-c.result:
		fmt.Fprintln(w, res)
	case <-r.Context().Done():
	}
}

func main() {
	s := &rpcServer{queue: make(chan call, 8)}
	for i := 0; i < 4; i++ {
		go s.worker()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, s)
	for i := 0; i < 2; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "POST /UserProvider HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
		time.AfterFunc(time.Second, func() { c.Close() })
	}
	time.Sleep(5800 * time.Millisecond)
	fmt.Println("busy for nobody:", atomic.LoadInt32(&s.busy))
}
