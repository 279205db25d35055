// SPDX-License-Identifier: BSD-2-Clause

// Tests that end early: SkipNow, as FailNow, ends their goroutine by runtime.Goexit; one of them recovers what it
// has to before it does. After tinygo-org/tinygo#4736.
package main

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func available(t *testing.T, err error) {
	if err != nil {
		t.Skip(err)
	}
}

func skips(t *testing.T) {
	defer time.Sleep(20 * time.Millisecond)
	available(t, errors.New("not here"))
}

func recovers(t *testing.T) {
	defer func() {
		if v := recover(); v != nil {
			t.Skipf("cannot tell: %v", v)
		}
	}()
	time.Sleep(20 * time.Millisecond)
	panic(errors.New("asserted"))
}

func parallel(t *testing.T) {
	for i := 0; i < 3; i++ {
		t.Run("sub", skips)
	}
}

func main() {
	var tests []testing.InternalTest
	for i := 0; i < 15; i++ {
		tests = append(tests, testing.InternalTest{Name: fmt.Sprint("Skips", i), F: skips},
			testing.InternalTest{Name: fmt.Sprint("Recovers", i), F: recovers},
			testing.InternalTest{Name: fmt.Sprint("Subtests", i), F: parallel})
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, tests, nil, nil)
}
