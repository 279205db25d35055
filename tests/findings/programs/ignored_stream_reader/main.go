// SPDX-License-Identifier: BSD-2-Clause

// The handler of a stream turns blocking reads into a channel: when the stream's context ends the
// handler returns, and its reader stays in the send of what it had read.
// After envoyproxy/go-control-plane#370.
package main

import (
	"context"
	"fmt"
	"time"
)

type request struct{ nonce int }

type stream interface {
	Context() context.Context
	Recv() (*request, error)
}

type serverStream struct {
	ctx context.Context
	in  chan *request
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) Recv() (*request, error) {
	select {
	case r := <-s.in:
		return r, nil
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	}
}

type server struct{ ready chan struct{} }

func (s *server) process(st stream, reqs <-chan *request) error {
	for {
		select {
		case r := <-reqs:
			fmt.Println("request", r.nonce)
			select {
			case <-s.ready:
			case <-st.Context().Done():
				return st.Context().Err()
			}
		case <-st.Context().Done():
			return st.Context().Err()
		}
	}
}

func (s *server) streamHandler(st stream) error {
	reqs := make(chan *request)
	go func() {
		for {
			r, err := st.Recv()
			if err != nil {
				return
			}
			reqs <- r
		}
	}()
	return s.process(st, reqs)
}

func main() {
	s := &server{make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	st := &serverStream{ctx, make(chan *request)}
	done := make(chan error, 1)
	go func() { done <- s.streamHandler(st) }()
	st.in <- &request{1}
	st.in <- &request{2} // waits until the first is processed
	time.Sleep(time.Second)
	cancel()
	fmt.Println("stream:", <-done)
	time.Sleep(4700 * time.Millisecond)
}
