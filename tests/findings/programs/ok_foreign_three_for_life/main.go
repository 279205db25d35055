// A context type around the signal channel, and three subsystems under it for the process's life: three goroutines.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"
)

type signalContext struct {
	done chan struct{}
	mu   sync.Mutex
	err  error
}

func onSignal(sig ...os.Signal) *signalContext {
	s := &signalContext{done: make(chan struct{})}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, sig...)
	go func() { s.stop(fmt.Errorf("signal %v", <-ch)) }()
	return s
}

func (s *signalContext) stop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}

func (s *signalContext) Deadline() (deadline time.Time, ok bool) { return }
func (s *signalContext) Done() <-chan struct{}                   { return s.done }
func (s *signalContext) Value(any) any                           { return nil }
func (s *signalContext) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func subsystem(parent context.Context, every time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	s := onSignal(os.Interrupt)
	var wg sync.WaitGroup
	for i := 1; i <= 3; i++ {
		wg.Add(1)
		go subsystem(s, time.Duration(i)*20*time.Millisecond, &wg)
	}
	time.Sleep(6 * time.Second)
	s.stop(errors.New("end of the program"))
	wg.Wait()
}
