// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.21

// sync.OnceFunc panics with the same value at each call once its function did; callers take that for an error.
// After golang/go#56102.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

var errConfig = errors.New("no configuration")

var load = sync.OnceValue(func() string {
	panic(errConfig)
})

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
