// SPDX-License-Identifier: BSD-2-Clause

// A goroutine ends itself by runtime.Goexit while nothing panics; its deferred calls run.
// After glifio/glif#60.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

type actor struct{ mail chan int }

func (a *actor) exit() { runtime.Goexit() }

func (a *actor) receive() {
	if <-a.mail < 0 {
		a.exit()
	}
}

func (a *actor) loop(wg *sync.WaitGroup) {
	defer wg.Done()
	defer close(a.mail)
	for {
		a.receive()
	}
}

func main() {
	for i := 0; i < 12; i++ {
		var wg sync.WaitGroup
		a := &actor{make(chan int)}
		wg.Add(1)
		go a.loop(&wg)
		a.mail <- i
		a.mail <- -1
		wg.Wait()
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("all ended")
}
