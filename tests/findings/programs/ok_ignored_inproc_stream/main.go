// SPDX-License-Identifier: BSD-2-Clause

// RPCs in one process over channels, right: who sends and who receives listens to the call's
// context as well. After fullstorydev/grpchan#17.
package main

import (
	"context"
	"fmt"
	"time"
)

type message struct{ seq int }

type stream struct {
	ctx  context.Context
	data chan message
}

func (s *stream) send(m message) error {
	select {
	case s.data <- m:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *stream) recv() (message, error) {
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

func newStream(ctx context.Context, handler func(*stream) error) *stream {
	s := &stream{ctx, make(chan message)}
	go func() {
		defer close(s.data)
		if err := handler(s); err != nil {
			fmt.Println("handler:", err)
		}
	}()
	return s
}

func prices(s *stream) error {
	for i := 0; ; i++ {
		if err := s.send(message{i}); err != nil {
			return err
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	s := newStream(ctx, prices)
	for i := 0; i < 5; i++ {
		m, err := s.recv()
		fmt.Println("price", m.seq, err)
	}
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4600 * time.Millisecond)
}
