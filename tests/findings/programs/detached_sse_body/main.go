// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.23

// A client asks for a stream of events without the context that it was given, which it looks at
// between the events only; the transport makes a root of its own for the request (since Go 1.23).
// After prometheus/prometheus#1639.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

type transport struct{ client *http.Client }

func (t *transport) readSSE(ctx context.Context, body io.Reader, handle func(data string)) {
	br := bufio.NewReader(body)
	for {
		select {
		case <-ctx.Done():
			return
		default:
		}
		line, err := br.ReadString('\n')
		if err != nil {
			fmt.Println("sse:", err)
			return
		}
		if strings.HasPrefix(line, "data:") {
			handle(strings.TrimSpace(line[5:]))
		}
	}
}

func (t *transport) listen(ctx context.Context, url string, ready chan<- struct{}) {
	res, err := t.client.Get(url)
	if err != nil {
		fmt.Println("listen:", err)
		return
	}
	defer res.Body.Close()
	t.readSSE(ctx, res.Body, func(data string) {
		fmt.Println("event", data)
		ready <- struct{}{}
	})
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: hello\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t := &transport{&http.Client{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready := make(chan struct{})
	go t.listen(ctx, "http://"+l.Addr().String(), ready)
	<-ready
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4700 * time.Millisecond)
}
