// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// sync.OnceFunc panics with the same value at each call once its function did; callers take that for an error.
// After golang/go#56102.
package main

import (
	"fmt"
	"sync"
	"time"
)

type loader struct{ path string }

func (l *loader) read() string {
	panic(fmt.Errorf("no configuration in %s", l.path))
}

var load = sync.OnceValue((&loader{"/nowhere"}).read)

func config() (s string, err error) {
	defer func() {
		if e, ok := recover().(error); ok {
			err = e
		}
	}()
	return load(), nil
}

func main() {
	for i := 0; i < 12; i++ {
		_, err := config()
		fmt.Println(err)
		time.Sleep(120 * time.Millisecond)
	}
}
