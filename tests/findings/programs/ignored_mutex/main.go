// SPDX-License-Identifier: BSD-2-Clause

// A lock by key has a context among its arguments but is a plain mutex: callers whose context ends
// wait on while another holds it through a slow reconfigure. After browningluke/opnsense-go#70.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type mutexKV struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

func (m *mutexKV) get(key string) *sync.Mutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.locks[key]
	if !ok {
		l = new(sync.Mutex)
		m.locks[key] = l
	}
	return l
}

func (m *mutexKV) lock(ctx context.Context, key string) {
	fmt.Println("locking", key)
	m.get(key).Lock()
	fmt.Println("locked", key)
}

func (m *mutexKV) unlock(key string) {
	m.get(key).Unlock()
}

var global = &mutexKV{locks: map[string]*sync.Mutex{}}

func set(ctx context.Context, what string, reconfigure time.Duration) error {
	global.lock(ctx, "firewall")
	defer global.unlock("firewall")
	if err := ctx.Err(); err != nil {
		return err
	}
	time.Sleep(reconfigure)
	fmt.Println("set", what)
	return nil
}

func main() {
	go set(context.Background(), "alias", time.Minute)
	time.Sleep(100 * time.Millisecond)

	ctx, cancel := context.WithTimeout(context.Background(), 900*time.Millisecond)
	defer cancel()
	done := make(chan error, 2)
	for _, what := range []string{"rule", "route"} {
		go func(what string) { done <- set(ctx, what, time.Millisecond) }(what)
	}
	select {
	case err := <-done:
		fmt.Println("apply:", err)
	case <-time.After(5500 * time.Millisecond):
		fmt.Println("apply: still waiting")
	}
}
