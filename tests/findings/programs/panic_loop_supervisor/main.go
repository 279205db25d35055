// SPDX-License-Identifier: BSD-2-Clause

// A supervisor starts its worker again as soon as that panics, which it does at once: a goroutine each.
// After makasim/amqpextra#2.
package main

import (
	"errors"
	"fmt"
	"time"
)

var errClosed = errors.New("channel/connection is not open")

type conn struct{ open bool }

func (c *conn) publish() {
	if !c.open {
		panic(errClosed)
	}
}

type supervisor struct{ restarts int }

func (s *supervisor) once(f func()) (ok bool) {
	done := make(chan bool)
	go func() {
		defer func() { done <- recover() == nil }()
		f()
	}()
	return <-done
}

func (s *supervisor) run(f func(), end time.Time) {
	for !s.once(f) && time.Now().Before(end) {
		s.restarts++
		time.Sleep(3 * time.Millisecond)
	}
}

func main() {
	s, c := &supervisor{}, &conn{}
	s.run(c.publish, time.Now().Add(2*time.Second))
	fmt.Println(s.restarts > 0)
}
