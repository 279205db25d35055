// SPDX-License-Identifier: BSD-2-Clause

// A worker defers what stops it, and that calls runtime.Goexit: a panic of its job just ends the goroutine,
// and the program goes on. After golang/go#35378.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type worker struct{ stopped bool }

func (w *worker) stop() {
	w.stopped = true
	runtime.Goexit()
}

func (w *worker) run(jobs <-chan int, wg *sync.WaitGroup) {
	defer wg.Done()
	defer w.stop()
	for j := range jobs {
		w.do(j)
	}
}

func (w *worker) do(j int) {
	if j%5 == 4 {
		panic(errors.New("job has no owner"))
	}
}

func main() {
	jobs := make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go new(worker).run(jobs, &wg)
	}
	for i := 0; i < 13; i++ {
		jobs <- i
		time.Sleep(90 * time.Millisecond)
	}
	close(jobs)
	wg.Wait()
	fmt.Println("done")
}
