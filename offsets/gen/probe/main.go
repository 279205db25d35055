// SPDX-License-Identifier: BSD-2-Clause

// A program that keeps the types of layout.def in its DWARF: the linker leaves out what is not
// reachable. Built by every Go version of versions.txt, hence nothing newer than Go 1.13 in it.
package main

import (
	"context"
	"fmt"
	"time"
)

type key struct{}

func main() {
	ctx := context.WithValue(context.Background(), key{}, "value")
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	t := time.AfterFunc(time.Hour, func() {})
	defer t.Stop()
	c := make(chan interface{}, 1)
	go func() {
		defer func() { c <- recover() }()
		panic(ctx.Value(key{}))
	}()
	select {
	case v := <-c:
		fmt.Println(v)
	case <-ctx.Done():
	}
}
