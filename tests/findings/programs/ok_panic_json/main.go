// SPDX-License-Identifier: BSD-2-Clause

// encoding/json reports what it cannot marshal by a panic of its own, which it recovers itself; so do
// encoding/gob and fmt's scanner. After golang/go#23012.
package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"time"
)

type odd struct {
	Name string
	F    func() `json:"f"`
}

func marshal(n int) error {
	_, err := json.Marshal(map[string]interface{}{"n": n, "ch": make(chan int), "o": odd{}})
	return err
}

func decode(b []byte) error {
	var v map[string]int
	return gob.NewDecoder(bytes.NewReader(b)).Decode(&v)
}

func scan(s string) error {
	var n int
	_, err := fmt.Sscan(s, &n)
	return err
}

func main() {
	errors := 0
	for i := 0; i < 300; i++ {
		for _, err := range []error{marshal(i), decode([]byte{3, 255, 1, 2}), scan("x")} {
			if err != nil {
				errors++
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(errors, "errors")
}
