// Bursts of two thousand requests at once under the server's context, each for 150 ms, and then none.
package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type server struct {
	base context.Context
	ok   atomic.Int64
}

func (s *server) request(wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(s.base, 5*time.Second)
	defer cancel()
	select {
	case <-time.After(150 * time.Millisecond):
		s.ok.Add(1)
	case <-ctx.Done():
	}
}

func (s *server) burst(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go s.request(&wg)
	}
	wg.Wait()
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &server{base: base}
	for i := 0; i < 5; i++ {
		s.burst(2000)
		time.Sleep(900 * time.Millisecond)
	}
	fmt.Println(s.ok.Load(), "requests")
}
