// SPDX-License-Identifier: BSD-2-Clause

// A close that may come second: a function of three lines recovers just that. After thomascriley/ble#3.
package main

import (
	"fmt"
	"sync"
	"time"
)

type session struct{ quit chan struct{} }

// stop may be called by both sides.
func (s *session) stop() (first bool) {
	defer func() {
		if recover() != nil {
			first = false
		}
	}()
	close(s.quit)
	return true
}

func main() {
	first := 0
	for i := 0; i < 20; i++ {
		s := &session{make(chan struct{})}
		var wg sync.WaitGroup
		var mu sync.Mutex
		for k := 0; k < 2; k++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if s.stop() {
					mu.Lock()
					first++
					mu.Unlock()
				}
			}()
		}
		wg.Wait()
		time.Sleep(70 * time.Millisecond)
	}
	fmt.Println(first)
}
