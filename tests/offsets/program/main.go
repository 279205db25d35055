// SPDX-License-Identifier: BSD-2-Clause

// A program of which the tests build many kinds: goroutines, channels, contexts, timers, maps,
// panics. Small, since the standard library is compiled again for most kinds. Built by every Go
// from 1.13 on; -tags full adds the network and all that belongs to it.
package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

type key struct{}

var (
	words = map[string]string{"a": "b"}
	lock  sync.RWMutex
	once  sync.Once
	more  []func(context.Context)
)

func worker(ctx context.Context, in <-chan int, out chan<- int) {
	for {
		select {
		case v, ok := <-in:
			if !ok {
				return
			}
			out <- v * v
		case <-ctx.Done():
			return
		}
	}
}

func fails(m map[string]int, key string) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("it panicked")
		}
	}()
	m[key]++ // nil
	return nil
}

func main() {
	ctx := context.WithValue(context.Background(), key{}, "value")
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	fired := make(chan bool, 1)
	timer := time.AfterFunc(time.Millisecond, func() { fired <- true })
	ticker := time.NewTicker(time.Millisecond)
	<-ticker.C
	ticker.Stop()
	<-fired
	timer.Stop()
	in, out := make(chan int), make(chan int)
	go worker(ctx, in, out)
	in <- 3
	once.Do(func() { close(in) })
	lock.Lock()
	words["c"] = "d"
	lock.Unlock()
	for _, f := range more {
		f(ctx)
	}
	err := fails(nil, "x")
	println(<-out, len(words), err.Error())
}
