// SPDX-License-Identifier: BSD-2-Clause

// A check in a deferred call fails and ends the goroutine, as testing.T's FailNow does: the panic that was on
// its way is gone. After golang/go#29207.
package main

import (
	"fmt"
	"runtime"
	"time"
)

type check struct{ failed bool }

func (c *check) failNow() {
	c.failed = true
	runtime.Goexit()
}

func (c *check) noError(err error) {
	if err != nil {
		c.failNow()
	}
}

type fixture struct{ open bool }

func (f *fixture) close() error {
	if f.open {
		return fmt.Errorf("still open")
	}
	return nil
}

func scenario(c *check, n int) {
	f := &fixture{open: true}
	defer func() { c.noError(f.close()) }()
	var sums []int
	for i := 0; i < n; i++ {
		sums = append(sums, i)
	}
	if len(sums) > 3 {
		panic(fmt.Sprintf("sum of %d", len(sums)))
	}
	f.open = false
}

func main() {
	for i := 0; i < 8; i++ {
		c, done := &check{}, make(chan struct{})
		go func() {
			defer close(done)
			scenario(c, i)
		}()
		<-done
		fmt.Println(i, c.failed)
		time.Sleep(120 * time.Millisecond)
	}
}
