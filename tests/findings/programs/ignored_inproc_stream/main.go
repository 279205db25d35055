// SPDX-License-Identifier: BSD-2-Clause

// RPCs in one process over channels: the server's side of a stream writes without looking at the
// call's context, so a client that hangs up leaves the handler behind in its send.
// After fullstorydev/grpchan#17.
package main

import (
	"context"
	"fmt"
	"time"
)

type message struct{ seq int }

type serverStream struct {
	ctx  context.Context
	data chan message
}

func (s *serverStream) send(m message) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.data <- m
	return nil
}

type clientStream struct {
	ctx  context.Context
	data chan message
}

func (s *clientStream) recv() (message, error) {
	select {
	case m, ok := <-s.data:
		if !ok {
			return m, fmt.Errorf("end of stream")
		}
		return m, nil
	case <-s.ctx.Done():
		return message{}, s.ctx.Err()
	}
}

type handler func(*serverStream) error

func newStream(ctx context.Context, h handler) *clientStream {
	data := make(chan message)
	go func() {
		defer close(data)
		if err := h(&serverStream{ctx, data}); err != nil {
			fmt.Println("handler:", err)
		}
	}()
	return &clientStream{ctx, data}
}

func prices(s *serverStream) error {
	for i := 0; ; i++ {
		if err := s.send(message{i}); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	stream := newStream(ctx, prices)
	for i := 0; i < 5; i++ {
		m, err := stream.recv()
		fmt.Println("price", m.seq, err)
	}
	time.Sleep(800 * time.Millisecond)
	cancel()
	fmt.Println("hung up")
	time.Sleep(4700 * time.Millisecond)
}
