// SPDX-License-Identifier: BSD-2-Clause

// What a deferred clean-up panics with is recovered within it: the first panic goes on to whom it concerns.
// After remind101/pkg#83.
package main

import (
	"errors"
	"fmt"
	"time"
)

var errFlush = errors.New("flush failed")

type sink struct{ lines int }

func (s *sink) mustFlush() {
	if s.lines%2 == 1 {
		panic(errFlush)
	}
}

// flush must not cover what happens.
func (s *sink) flush() {
	defer func() { recover() }()
	s.mustFlush()
}

func write(s *sink, n int) (err error) {
	defer func() {
		if e, ok := recover().(error); ok {
			err = e
		}
	}()
	defer s.flush()
	s.lines = n
	if n%3 == 1 {
		panic(fmt.Errorf("line %d too long", n))
	}
	return nil
}

func main() {
	s := &sink{}
	for i := 0; i < 15; i++ {
		fmt.Println(write(s, i))
		time.Sleep(80 * time.Millisecond)
	}
}
