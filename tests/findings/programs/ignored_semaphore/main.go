// SPDX-License-Identifier: BSD-2-Clause

// A reader waits at a semaphore until there is a first connection; the reader's context ends, but
// the semaphore does not know of it. After go-zeromq/zmq4#114.
package main

import (
	"context"
	"fmt"
	"time"
)

type semaphore struct{ ready chan struct{} }

func newSemaphore() *semaphore {
	return &semaphore{make(chan struct{})}
}

func (s *semaphore) enable() {
	close(s.ready)
}

func (s *semaphore) lock() {
	<-s.ready
}

type qreader struct {
	ctx context.Context
	sem *semaphore
	c   chan string
}

func (q *qreader) read() (string, error) {
	q.sem.lock()
	select {
	case msg := <-q.c:
		return msg, nil
	case <-q.ctx.Done():
		return "", q.ctx.Err()
	}
}

func (q *qreader) listen() {
	for {
		msg, err := q.read()
		if err != nil {
			fmt.Println("socket:", err)
			return
		}
		fmt.Println("got", msg)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	connected := &qreader{ctx, newSemaphore(), make(chan string, 1)}
	connected.sem.enable()
	connected.c <- "hello"
	alone := &qreader{ctx, newSemaphore(), make(chan string, 1)}
	go connected.listen()
	go alone.listen()
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4700 * time.Millisecond)
}
