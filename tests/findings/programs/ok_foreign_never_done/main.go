// Audit entries outlive the request: a context type that keeps the values and has no Done, with a timeout below it.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type traceKey struct{}

type detached struct{ values context.Context }

func (detached) Deadline() (deadline time.Time, ok bool) { return }
func (detached) Done() <-chan struct{}                   { return nil }
func (detached) Err() error                              { return nil }
func (d detached) Value(k any) any                       { return d.values.Value(k) }

type audit struct {
	wg      sync.WaitGroup
	mu      sync.Mutex
	entries []string
}

func (a *audit) record(ctx context.Context, what string) {
	defer a.wg.Done()
	ctx, cancel := context.WithTimeout(detached{ctx}, 2*time.Second)
	defer cancel()
	select {
	case <-time.After(30 * time.Millisecond):
	case <-ctx.Done():
		return
	}
	a.mu.Lock()
	a.entries = append(a.entries, fmt.Sprint(ctx.Value(traceKey{}), " ", what))
	a.mu.Unlock()
}

func handle(base context.Context, a *audit, n int) {
	ctx, cancel := context.WithTimeout(context.WithValue(base, traceKey{}, n), time.Second)
	defer cancel()
	a.wg.Add(1)
	go a.record(ctx, "login")
	time.Sleep(3 * time.Millisecond)
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	a := &audit{}
	end := time.Now().Add(6 * time.Second)
	for n := 0; time.Now().Before(end); n++ {
		handle(base, a, n)
		time.Sleep(20 * time.Millisecond)
	}
	a.wg.Wait()
	fmt.Println(len(a.entries), "entries")
}
