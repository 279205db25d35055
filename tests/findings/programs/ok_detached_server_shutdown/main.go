// SPDX-License-Identifier: BSD-2-Clause

// A server is shut down when the program's context is done: Shutdown has a timeout of its own over
// the background context, and waits for the request in flight. After Shyp/rickover#10.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

func run(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(1600 * time.Millisecond)
		fmt.Fprint(w, "report")
	})
	srv := &http.Server{Handler: mux}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return srv.Shutdown(grace)
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- run(ctx, l) }()
	body := make(chan string)
	go func() {
		res, err := http.Get("http://" + l.Addr().String() + "/report")
		if err != nil {
			body <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		body <- string(b)
	}()
	time.Sleep(time.Second)
	cancel()
	fmt.Println("client got:", <-body)
	fmt.Println("shutdown:", <-done)
	time.Sleep(4 * time.Second)
}
