// SPDX-License-Identifier: BSD-2-Clause

// After the program's context is done a server lets a slow download finish: Shutdown takes three
// seconds of the ten that it is given. After beatlabs/patron#164.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type component struct {
	l    net.Listener
	slow time.Duration
}

func (c *component) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	for end := time.Now().Add(c.slow); time.Now().Before(end); {
		fmt.Fprintln(w, "a piece of it")
		w.(http.Flusher).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

func (c *component) run(ctx context.Context) error {
	srv := &http.Server{Handler: c}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(c.l) }()
	select {
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return srv.Shutdown(grace)
	case err := <-failed:
		return err
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	c := &component{l, 4 * time.Second}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- c.run(ctx) }()
	size := make(chan int)
	go func() {
		res, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		size <- len(b)
	}()
	time.Sleep(time.Second)
	cancel()
	fmt.Println("whole:", <-size > 500)
	fmt.Println("shutdown:", <-done)
	time.Sleep(1500 * time.Millisecond)
}
