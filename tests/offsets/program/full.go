// SPDX-License-Identifier: BSD-2-Clause

//go:build full
// +build full

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"sync/atomic"
	"time"
)

var last atomic.Value

func serve(ctx context.Context) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: http.FileServer(http.Dir("/nowhere"))}
	go server.Serve(listener)
	response, err := http.Get("http://" + listener.Addr().String() + "/x")
	if err != nil {
		last.Store(fmt.Errorf("get: %w", err))
		return
	}
	fmt.Println(response.StatusCode)
	response.Body.Close()
	server.Close()
}

// profile FILE: a profile of the processor, with which other builds are optimised.
func profile(path string) {
	f, err := os.Create(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	pprof.StartCPUProfile(f)
	for until := time.Now().Add(time.Second / 2); time.Now().Before(until); {
		in, out := make(chan int, 1), make(chan int, 1)
		in <- 1
		close(in)
		worker(context.Background(), in, out)
		fails(nil, "x")
	}
	pprof.StopCPUProfile()
	f.Close()
}

func init() {
	more = append(more, func(ctx context.Context) {
		pprof.Do(ctx, pprof.Labels("name", "value"), serve)
	})
	if len(os.Args) == 3 && os.Args[1] == "profile" {
		profile(os.Args[2])
		os.Exit(0)
	}
}
