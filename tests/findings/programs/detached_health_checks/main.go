// SPDX-License-Identifier: BSD-2-Clause

// A health endpoint gives its checks a timeout over the background context; when the caller drops
// the connection the checks go on. After etherlabsio/healthcheck#29.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

type checker func(ctx context.Context) error

type health struct {
	timeout  time.Duration
	checkers map[string]checker
}

func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.Background(), h.timeout)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := map[string]string{}
	for name, c := range h.checkers {
		wg.Add(1)
		go func(name string, c checker) {
			defer wg.Done()
			if err := c(ctx); err != nil {
				mu.Lock()
				failed[name] = err.Error()
				mu.Unlock()
			}
		}(name, c)
	}
	wg.Wait()
	json.NewEncoder(w).Encode(failed)
}

func database(ctx context.Context) error {
	return ctx.Err()
}

func upstream(ctx context.Context) error {
	select {
	case <-time.After(time.Minute):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	h := &health{20 * time.Second, map[string]checker{"database": database, "upstream": upstream}}
	go http.Serve(l, h)

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
	time.Sleep(time.Second)
	c.Close()
	time.Sleep(4800 * time.Millisecond)
}
