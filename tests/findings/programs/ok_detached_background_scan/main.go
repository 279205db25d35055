// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// A handler accepts a scan, hands it to a pool with a context that says that it outlives the
// request, and answers. After kubescape/kubevuln#374.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type pool struct{ tasks chan func() }

func newPool(n int) *pool {
	p := &pool{make(chan func(), 16)}
	for i := 0; i < n; i++ {
		go func() {
			for task := range p.tasks {
				task()
			}
		}()
	}
	return p
}

type controller struct {
	p    *pool
	done chan string
}

func (c *controller) scan(ctx context.Context, image string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	select {
	case <-time.After(4 * time.Second):
		c.done <- image
	case <-ctx.Done():
		c.done <- ctx.Err().Error()
	}
}

func (c *controller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, image := context.WithoutCancel(r.Context()), r.URL.Query().Get("image")
	c.p.tasks <- func() { c.scan(ctx, image) }
	w.WriteHeader(http.StatusAccepted)
}

func main() {
	c := &controller{newPool(2), make(chan string)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, c)
	for _, image := range []string{"nginx", "redis"} {
		res, err := http.Post(fmt.Sprintf("http://%s/v1/scan?image=%s", l.Addr(), image), "", nil)
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	fmt.Println("scanned", <-c.done)
	fmt.Println("scanned", <-c.done)
	time.Sleep(1500 * time.Millisecond)
}
