// A dispatcher bounds every call at one second; the health module then asks for thirty more of its own.
package main

import (
	"context"
	"fmt"
	"time"
)

type probe struct {
	name  string
	delay time.Duration
}

func (p probe) run(ctx context.Context) error {
	t := time.NewTimer(p.delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type healthModule struct{ probes []probe }

// Check never gets its 30 seconds: the dispatcher's second is over long before.
func (h *healthModule) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, p := range h.probes {
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

type dispatcher struct{ timeout time.Duration }

func (d *dispatcher) call(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return fn(ctx)
}

func main() {
	d := &dispatcher{timeout: time.Second}
	h := &healthModule{probes: []probe{{"disk", 5 * time.Millisecond}, {"db", 20 * time.Millisecond}}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	end := time.Now().Add(6 * time.Second)
	n := 0
	for time.Now().Before(end) {
		if err := d.call(ctx, h.Check); err != nil {
			fmt.Println(err)
		}
		n++
		time.Sleep(75 * time.Millisecond)
	}
	fmt.Println(n, "checks")
}
