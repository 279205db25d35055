// SPDX-License-Identifier: BSD-2-Clause

// Patterns that users give are compiled by MustCompile under a recover: each is answered with what was wrong.
// After TykTechnologies/tyk#1253.
package main

import (
	"fmt"
	"regexp"
	"time"
)

func compile(s string) (re *regexp.Regexp, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("pattern: %v", v)
		}
	}()
	return regexp.MustCompile(s), nil
}

func main() {
	for i := 0; i < 12; i++ {
		_, err := compile([]string{"a+", "a(", "[z-a]"}[i%3])
		fmt.Println(err)
		time.Sleep(100 * time.Millisecond)
	}
}
