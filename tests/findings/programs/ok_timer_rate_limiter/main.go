// A rate limiter with one ticker that fills the bucket, and callers who wait for a token or give up after a while.
package main

import (
	"fmt"
	"sync"
	"time"
)

type limiter struct {
	tokens chan struct{}
	stop   chan struct{}
	done   chan struct{}
}

func newLimiter(every time.Duration, burst int) *limiter {
	l := &limiter{make(chan struct{}, burst), make(chan struct{}), make(chan struct{})}
	go l.fill(every)
	return l
}

func (l *limiter) fill(every time.Duration) {
	defer close(l.done)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			select {
			case l.tokens <- struct{}{}:
			default:
			}
		case <-l.stop:
			return
		}
	}
}

func (l *limiter) wait(max time.Duration) bool {
	t := time.NewTimer(max)
	defer t.Stop()
	select {
	case <-l.tokens:
		return true
	case <-t.C:
		return false
	}
}

func main() {
	l := newLimiter(2*time.Millisecond, 20)
	var mu sync.Mutex
	got, gaveUp := 0, 0
	var wg sync.WaitGroup
	end := time.Now().Add(6 * time.Second)
	for w := 0; w < 30; w++ {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			for time.Now().Before(end) {
				ok := l.wait(time.Duration(40+w) * time.Millisecond)
				mu.Lock()
				if ok {
					got++
				} else {
					gaveUp++
				}
				mu.Unlock()
			}
		}(w)
	}
	wg.Wait()
	close(l.stop)
	<-l.done
	fmt.Println(got, gaveUp)
}
