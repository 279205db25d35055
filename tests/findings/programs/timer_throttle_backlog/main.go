//go:build !go1.27

// A throttle makes a timer for the backlog's timeout before it knows whether a request will have to wait at all.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

var errBacklog = errors.New("timed out in the backlog")

type throttler struct {
	tokens         chan struct{}
	backlogTimeout time.Duration
}

func newThrottler(n int, d time.Duration) *throttler {
	t := &throttler{make(chan struct{}, n), d}
	for i := 0; i < n; i++ {
		t.tokens <- struct{}{}
	}
	return t
}

func (t *throttler) serve(h func()) error {
	timer := time.NewTimer(t.backlogTimeout)
	select {
	case <-timer.C:
		return errBacklog
	case tok := <-t.tokens:
		defer func() { t.tokens <- tok }()
		h()
		return nil
	}
}

func main() {
	t := newThrottler(10, time.Minute)
	var mu sync.Mutex
	served := 0
	var wg sync.WaitGroup
	end := time.Now().Add(6 * time.Second)
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(end) {
				for i := 0; i < 5; i++ {
					if err := t.serve(func() { mu.Lock(); served++; mu.Unlock() }); err != nil {
						fmt.Println(err)
					}
				}
				time.Sleep(10 * time.Millisecond)
			}
		}()
	}
	wg.Wait()
	fmt.Println(served, "served")
}
