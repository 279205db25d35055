// SPDX-License-Identifier: BSD-2-Clause
package main

// What goes wrong with contexts and timers in services, one of each: only with -breaks. The lines
// that are wrong say so; what `golin findings` has to say of each is in the name behind it.

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

type labelKey string

// breaks are those that do not come from orders.
func breaks(ctx context.Context) {
	feed := make(chan int)
	watch, stop := context.WithCancel(ctx)
	go followPrices(watch, feed)
	time.AfterFunc(300*time.Millisecond, stop)

	go openSessions(ctx)
	go shareBudget(ctx)
	go negotiate(ctx)
	go subscribeAll(ctx)
	go remind(ctx)
	go failures(ctx)
}

// followPrices hears of no cancel while no price comes (ignored-cancel).
func followPrices(ctx context.Context, feed <-chan int) {
	for ctx.Err() == nil {
		<-feed // wrong: no ctx.Done()
	}
}

// openSessions opens one after the other, each on a goroutine of its own.
func openSessions(ctx context.Context) {
	for ctx.Err() == nil {
		go openSession(ctx)
		time.Sleep(50 * time.Millisecond)
	}
}

// openSession drops the cancel function: the session stays until the shop closes (lost-cancel).
func openSession(ctx context.Context) {
	session, _ := context.WithTimeout(ctx, time.Hour) // wrong
	backend(session, time.Millisecond)
}

// budget is a context of a type of its own, which ends when the money is spent.
type budget struct {
	context.Context
	spent chan struct{}
}

func (b budget) Done() <-chan struct{} { return b.spent }

func (b budget) Err() error {
	select {
	case <-b.spent:
		return context.Canceled
	default:
		return nil
	}
}

// shareBudget gives parts of a budget to many: each costs a goroutine more (foreign-context).
func shareBudget(ctx context.Context) {
	b := budget{ctx, make(chan struct{})}
	for i := 0; i < 30; i++ {
		part, cancel := context.WithCancel(b) // wrong
		go func() {
			defer cancel()
			<-part.Done()
		}()
	}
	<-ctx.Done()
	close(b.spent)
}

// negotiate puts each offer on top of the last one's context (deep-context).
func negotiate(ctx context.Context) {
	for offer := 0; ctx.Err() == nil; offer++ {
		ctx = context.WithValue(ctx, labelKey("offer"), offer) // wrong: a new name for it
		backend(ctx, 10*time.Millisecond)
	}
}

// subscribeAll has as many under one context as there are subscribers (wide-context).
func subscribeAll(ctx context.Context) {
	hub, cancel := context.WithCancel(ctx)
	defer cancel()
	cancels := make([]context.CancelFunc, 0, 12000)
	for i := 0; i < cap(cancels); i++ {
		_, cancel := context.WithCancel(hub) // wrong in such numbers
		cancels = append(cancels, cancel)
	}
	<-ctx.Done()
	for _, cancel := range cancels {
		cancel()
	}
}

// remind makes timers faster than they end and stops none (timer-pileup).
func remind(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for i := 0; i < 10; i++ {
			time.AfterFunc(time.Hour, func() {}) // wrong: nobody stops it
		}
	}
}

// brokenOrder is what goes wrong with each order.
func (s *shop) brokenOrder(ctx context.Context, r *http.Request) {
	customer := r.URL.Query().Get("customer")
	go s.confirm(ctx, customer)
	go s.audit(ctx, customer)
	askInsurance(ctx)
}

// confirm goes on when the order is long forgotten (detached-context).
func (s *shop) confirm(ctx context.Context, customer string) {
	mail, cancel := context.WithTimeout(context.Background(), time.Minute) // wrong: not from ctx
	defer cancel()
	backend(mail, 4*time.Second)
}

// audit keeps the values and loses what could end it (value-only).
func (s *shop) audit(ctx context.Context, customer string) {
	entry := context.WithValue(context.Background(), labelKey("customer"), customer) // wrong
	backend(entry, 4*time.Second)
}

// askInsurance wants a minute, of an order that has half a second (masked-timeout).
func askInsurance(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // wrong: it cannot last that long
	defer cancel()
	if err := backend(ctx, 2*time.Millisecond); err != nil {
		return fmt.Errorf("insurance: %w", err)
	}
	return nil
}
