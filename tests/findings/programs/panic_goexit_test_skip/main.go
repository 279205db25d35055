// SPDX-License-Identifier: BSD-2-Clause

// A test panics, and a deferred call skips it because its server is gone: it is reported as skipped.
// After golang/go#53259.
package main

import (
	"fmt"
	"testing"
	"time"
)

type env struct{ up bool }

func (e *env) tearDown(t *testing.T) {
	if !e.up {
		t.Skip("no server")
	}
}

func query(t *testing.T) {
	e := &env{}
	defer e.tearDown(t)
	time.Sleep(50 * time.Millisecond)
	panic(fmt.Sprintf("answer without rows: %v", e))
}

func main() {
	var tests []testing.InternalTest
	for i := 0; i < 24; i++ {
		tests = append(tests, testing.InternalTest{Name: fmt.Sprint("Query", i), F: query})
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, tests, nil, nil)
}
