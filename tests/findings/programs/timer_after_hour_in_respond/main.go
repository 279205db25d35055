//go:build !go1.27

// A signer loops over requests and selects on time.After of an hour for each: the timers stay with the runtime,
// as they do in every program up to Go 1.22 and with asynctimerchan=1.
package main

import (
	"errors"
	"fmt"
	"time"
)

var errIdle = errors.New("idle for too long")

type request struct {
	payload int
	reply   chan int
}

type signer struct {
	timeout time.Duration
	in      chan request
	quit    chan struct{}
}

func (s *signer) respond() error {
	for {
		select {
		case r := <-s.in:
			r.reply <- r.payload ^ 0x5a
		case <-time.After(s.timeout):
			return errIdle
		case <-s.quit:
			return nil
		}
	}
}

func main() {
	s := &signer{timeout: time.Hour, in: make(chan request), quit: make(chan struct{})}
	done := make(chan error)
	go func() { done <- s.respond() }()
	reply := make(chan int, 1)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	sum := 0
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		<-tick.C
		for i := 0; i < 8; i++ {
			s.in <- request{i, reply}
			sum += <-reply
		}
	}
	close(s.quit)
	fmt.Println(sum, <-done)
}
