// SPDX-License-Identifier: BSD-2-Clause

// fmt calls a String method of a nil pointer, which panics, and prints <nil> for it. After gnolang/gno#3859.
package main

import (
	"fmt"
	"log"
	"os"
	"time"
)

type version struct{ major, minor int }

func (v *version) String() string { return fmt.Sprintf("v%d.%d", v.major, v.minor) }

func describe(v *version) string { return fmt.Sprintf("%v", v) }

func main() {
	log.SetOutput(os.Stdout)
	var when *time.Time
	for i := 0; i < 300; i++ {
		log.Print(describe(nil), describe(&version{1, i}), when)
		time.Sleep(4 * time.Millisecond)
	}
}
