// SPDX-License-Identifier: BSD-2-Clause

// A lease is renewed at each tick under the request's context and given back at its end, when that
// is done, under a short one of its own. After authgear/authgear-server#5721.
package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

type redis struct{ held int32 }

func (r *redis) call(ctx context.Context, took time.Duration, held int32) error {
	select {
	case <-time.After(took):
		atomic.StoreInt32(&r.held, held)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type mutex struct{ r *redis }

func (m *mutex) unlock() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return m.r.call(ctx, 300*time.Millisecond, 0)
}

func (m *mutex) hold(ctx context.Context) error {
	if err := m.r.call(ctx, 10*time.Millisecond, 1); err != nil {
		return err
	}
	defer m.unlock()
	renew := time.NewTicker(100 * time.Millisecond)
	defer renew.Stop()
	for {
		select {
		case <-renew.C:
			if err := m.r.call(ctx, time.Millisecond, 1); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func main() {
	m := &mutex{new(redis)}
	done := make(chan error)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { done <- m.hold(ctx) }()
	time.Sleep(time.Second)
	cancel()
	fmt.Println("hold:", <-done)
	fmt.Println("held:", atomic.LoadInt32(&m.r.held))
	time.Sleep(4500 * time.Millisecond)
}
