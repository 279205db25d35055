// SPDX-License-Identifier: BSD-2-Clause

// Each run of a job has a context with a timeout, cancelled at the end of the run or passed; then
// the scheduler sleeps until the next one, under no context. After grpc/grpc-go#1099.
package main

import (
	"context"
	"fmt"
	"time"
)

type job struct {
	name  string
	limit time.Duration
	takes time.Duration
}

func (j *job) run(ctx context.Context) error {
	select {
	case <-time.After(j.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (j *job) once() error {
	ctx, cancel := context.WithTimeout(context.Background(), j.limit)
	defer cancel()
	return j.run(ctx)
}

func schedule(j *job, every time.Duration, results chan<- error) {
	for {
		results <- j.once()
		time.Sleep(every)
	}
}

// inline is the same in one function: the context of a run lives on in its frame.
func inline(j *job, every time.Duration, results chan<- error) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), j.limit)
		err := j.run(ctx)
		cancel()
		results <- err
		time.Sleep(every)
	}
}

func main() {
	results := make(chan error, 8)
	go schedule(&job{"backup", time.Second, 500 * time.Millisecond}, time.Hour, results)
	go schedule(&job{"index", 500 * time.Millisecond, time.Minute}, time.Hour, results)
	go inline(&job{"mail", time.Second, 500 * time.Millisecond}, time.Hour, results)
	for i := 0; i < 3; i++ {
		fmt.Println("run:", <-results)
	}
	time.Sleep(5 * time.Second)
}
