// SPDX-License-Identifier: BSD-2-Clause

// A parser by recursive descent leaves at a syntax error by a panic, which its entry point makes an error of;
// other panics go on. After onflow/cadence#1650.
package main

import (
	"fmt"
	"time"
)

type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%d: %s", e.at, e.msg) }

type parser struct {
	s  string
	at int
}

func (p *parser) fail(format string, args ...interface{}) {
	panic(&syntaxError{p.at, fmt.Sprintf(format, args...)})
}

func (p *parser) expr() int {
	n := p.term()
	for p.at < len(p.s) && p.s[p.at] == '+' {
		p.at++
		n += p.term()
	}
	return n
}

func (p *parser) term() int {
	if p.at < len(p.s) && p.s[p.at] == '(' {
		p.at++
		n := p.expr()
		if p.at >= len(p.s) || p.s[p.at] != ')' {
			p.fail("no )")
		}
		p.at++
		return n
	}
	from := p.at
	for p.at < len(p.s) && p.s[p.at] >= '0' && p.s[p.at] <= '9' {
		p.at++
	}
	if p.at == from {
		p.fail("no number")
	}
	return p.at - from
}

func parse(s string) (n int, err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *syntaxError:
			err = v
		default:
			panic(v)
		}
	}()
	p := &parser{s: s}
	return p.expr(), nil
}

func main() {
	good, bad := 0, 0
	for i := 0; i < 600; i++ {
		s := []string{"1+(22+3)", "1+(22+3", "((((1+))))", "7"}[i%4]
		if _, err := parse(s); err != nil {
			bad++
		} else {
			good++
		}
		time.Sleep(3 * time.Millisecond)
	}
	fmt.Println(good, bad)
}
