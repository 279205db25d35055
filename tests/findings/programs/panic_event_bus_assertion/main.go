// SPDX-License-Identifier: BSD-2-Clause

// A bus calls its subscribers and recovers: one takes each event for an order, and those that are refunds
// are lost. After influxdata/influxdb#8550.
package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

type order struct{ amount int }
type refund struct{ amount int }

type bus struct {
	subs   []func(event interface{})
	failed int64
}

func (b *bus) publish(event interface{}) {
	for _, s := range b.subs {
		b.deliver(s, event)
	}
}

func (b *bus) deliver(s func(interface{}), event interface{}) {
	defer func() {
		if recover() != nil {
			atomic.AddInt64(&b.failed, 1)
		}
	}()
	s(event)
}

type ledger struct{ total int }

func (l *ledger) book(event interface{}) {
	l.total += event.(*order).amount
}

func main() {
	l := &ledger{}
	b := &bus{}
	b.subs = append(b.subs, l.book, func(interface{}) {})
	for i := 0; i < 14; i++ {
		if i%4 == 3 {
			b.publish(&refund{i})
		} else {
			b.publish(&order{i})
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println(l.total, b.failed)
}
