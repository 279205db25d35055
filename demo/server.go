// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type shop struct {
	url      string
	http     *http.Server
	shipping *pool
	baskets  *baskets
	broken   bool
}

func serve(ctx context.Context, shipping *pool, b *baskets, broken bool) (*shop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &shop{url: "http://" + l.Addr().String(), shipping: shipping, baskets: b,
		broken: broken}
	mux := http.NewServeMux()
	mux.HandleFunc("/order", s.order)
	mux.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	s.http = &http.Server{Handler: mux, ReadTimeout: 10 * time.Second}
	go s.http.Serve(l)
	return s, nil
}

func (s *shop) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.http.Shutdown(ctx)
}

// order asks three back ends at the same time and hands the order over to shipping.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 500*time.Millisecond)
	defer cancel()
	var g group
	g.start(func() error { return checkStock(ctx) })
	g.start(func() error { return quotePrice(ctx) })
	g.start(func() error { return rateCustomer(ctx) })
	if err := g.wait(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if s.broken {
		s.brokenOrder(ctx, r)
	}
	s.baskets.touch(r.URL.Query().Get("customer"))
	s.shipping.submit(job{customer: r.URL.Query().Get("customer")})
	fmt.Fprintln(w, "ordered")
}

func checkStock(ctx context.Context) error   { return backend(ctx, 5*time.Millisecond) }
func quotePrice(ctx context.Context) error   { return backend(ctx, 9*time.Millisecond) }
func rateCustomer(ctx context.Context) error { return backend(ctx, 15*time.Millisecond) }

// backend stands for a call to another service.
func backend(ctx context.Context, takes time.Duration) error {
	select {
	case <-time.After(takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
