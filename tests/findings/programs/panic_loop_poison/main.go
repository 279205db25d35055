// SPDX-License-Identifier: BSD-2-Clause

// A message that its handler cannot take is delivered again and again: each delivery panics and is recovered.
// After ricardo-ch/go-kafka#7.
package main

import (
	"fmt"
	"time"
)

type message struct {
	key  string
	body []byte
}

type listener struct {
	handled, failed int
}

func (l *listener) consume(m message) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	l.handle(m)
	return nil
}

func (l *listener) handle(m message) {
	if m.body[0] == '{' {
		l.handled++
	}
}

func main() {
	l := &listener{}
	queue := []message{{"a", []byte("{}")}, {"b", nil}, {"c", []byte("{}")}}
	for end := time.Now().Add(2 * time.Second); len(queue) > 0 && time.Now().Before(end); {
		if l.consume(queue[0]) != nil {
			l.failed++
			time.Sleep(4 * time.Millisecond)
			continue // it was not acknowledged
		}
		queue = queue[1:]
	}
	fmt.Println(l.handled, l.failed > 0)
}
