// Steps have 120 ms each within a request of 300 ms: the first steps' own deadline is the earlier one, the last's is not.
package main

import (
	"context"
	"fmt"
	"time"
)

type pipeline struct{ step time.Duration }

func (p *pipeline) runStep(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, p.step)
	defer cancel()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipeline) request(ctx context.Context) (slow int) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	for _, d := range []time.Duration{20, 400, 70, 50, 60, 40} {
		if err := p.runStep(ctx, d*time.Millisecond); err != nil {
			slow++
		}
	}
	return slow
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &pipeline{step: 120 * time.Millisecond}
	slow := 0
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		slow += p.request(ctx)
	}
	fmt.Println(slow, "steps were cut")
}
