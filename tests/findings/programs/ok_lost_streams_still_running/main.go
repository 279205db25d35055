// Forty long streams, each in a function that defers its cancel and is still running when one looks.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type feed struct {
	mu   sync.Mutex
	cond *sync.Cond
	seq  int
}

func (f *feed) advance() {
	f.mu.Lock()
	f.seq++
	f.mu.Unlock()
	f.cond.Broadcast()
}

func (f *feed) next(after int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.seq <= after {
		f.cond.Wait()
	}
	return f.seq
}

func (f *feed) stream(parent context.Context, wg *sync.WaitGroup, sent *int) {
	defer wg.Done()
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	for at := 0; ctx.Err() == nil; *sent++ {
		at = f.next(at)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	f := &feed{}
	f.cond = sync.NewCond(&f.mu)
	var wg sync.WaitGroup
	sent := make([]int, 40)
	for i := range sent {
		wg.Add(1)
		go f.stream(ctx, &wg, &sent[i])
	}
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		f.advance()
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	f.advance()
	wg.Wait()
	fmt.Println(sent[0])
}
