// SPDX-License-Identifier: BSD-2-Clause

// Locks of wallets are taken with plain read-write mutexes; the context of who wants them goes to
// the log only. After LFDT-Panurus/panurus#1609.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type requestID struct{}

type lockers struct {
	mu    sync.Mutex
	locks map[string]*sync.RWMutex
}

func (l *lockers) of(id string) *sync.RWMutex {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locks[id] == nil {
		l.locks[id] = new(sync.RWMutex)
	}
	return l.locks[id]
}

func (l *lockers) acquire(ctx context.Context, ids ...string) (release func()) {
	var held []*sync.RWMutex
	for _, id := range ids {
		fmt.Println(ctx.Value(requestID{}), "wants", id)
		lock := l.of(id)
		lock.RLock()
		held = append(held, lock)
	}
	return func() {
		for _, lock := range held {
			lock.RUnlock()
		}
	}
}

type auditor struct{ l *lockers }

func (a *auditor) audit(ctx context.Context, ids ...string) error {
	release := a.l.acquire(ctx, ids...)
	defer release()
	return ctx.Err()
}

func main() {
	a := &auditor{&lockers{locks: map[string]*sync.RWMutex{}}}
	a.l.of("bob").Lock() // and never unlocked: its holder has crashed
	base := context.WithValue(context.Background(), requestID{}, "tx-1")
	ctx, cancel := context.WithTimeout(base, time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.audit(ctx, "alice", "bob") }()
	select {
	case err := <-done:
		fmt.Println("audit:", err)
	case <-time.After(5700 * time.Millisecond):
		fmt.Println("audit: hangs")
	}
}
