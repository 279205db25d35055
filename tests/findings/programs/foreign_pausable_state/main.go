// A job state that can be paused and cancelled implements Context; the steps of each job derive from it.
package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

var errPaused = errors.New("paused")

type state struct {
	parent context.Context
	mu     sync.Mutex
	done   chan struct{}
	err    error
}

func newState(parent context.Context) *state {
	return &state{parent: parent, done: make(chan struct{})}
}

func (s *state) Deadline() (time.Time, bool) { return s.parent.Deadline() }
func (s *state) Done() <-chan struct{}       { return s.done }
func (s *state) Value(k any) any             { return s.parent.Value(k) }
func (s *state) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *state) stop(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}

type job struct {
	state *state
	steps sync.WaitGroup
}

func (j *job) step(n int) {
	defer j.steps.Done()
	ctx, cancel := context.WithTimeout(j.state, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := 0; i < 1000; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	var jobs []*job
	for i := 0; i < 10; i++ {
		j := &job{state: newState(base)}
		for n := 0; n < 20; n++ {
			j.steps.Add(1)
			go j.step(n)
		}
		jobs = append(jobs, j)
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(5 * time.Second)
	fmt.Println(runtime.NumGoroutine(), "goroutines for 200 steps")
	for _, j := range jobs {
		j.state.stop(errPaused)
		j.steps.Wait()
	}
}
