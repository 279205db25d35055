// SPDX-License-Identifier: BSD-2-Clause

// A parser that was generated recovers what its actions panic with and makes an error of it: where the nil
// pointer is nobody learns. After mna/pigeon#2.
package main

import (
	"fmt"
	"time"
)

type node struct {
	op   string
	next *node
}

type action func(text string) *node

type parser struct {
	data    string
	actions map[byte]action
	last    *node
}

func (p *parser) parse() (n *node, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	for i := 0; i < len(p.data); i++ {
		p.parseRule(p.data[i])
	}
	return p.last, nil
}

func (p *parser) parseRule(c byte) {
	if a := p.actions[c]; a != nil {
		p.last = a(string(c))
	}
}

type compiler struct{ head, tail *node }

func (c *compiler) onOperator(text string) *node {
	n := &node{op: text}
	c.tail.next = n // there is none before the first operand
	c.tail = n
	return n
}

func (c *compiler) onOperand(text string) *node {
	c.head = &node{op: text}
	c.tail = c.head
	return c.head
}

func main() {
	for i := 0; i < 12; i++ {
		c := &compiler{}
		p := &parser{data: "a+b", actions: map[byte]action{'+': c.onOperator, 'a': c.onOperand}}
		if i%3 == 0 {
			p.data = "+a"
		}
		_, err := p.parse()
		fmt.Println(p.data, err)
		time.Sleep(100 * time.Millisecond)
	}
}
