// SPDX-License-Identifier: BSD-2-Clause

// A stopped session's channel is closed while its reader still sends there; the recover of the whole
// connection hides that. After yggdrasil-network/yggdrasil-go#117.
package main

import (
	"fmt"
	"time"
)

type session struct{ out chan int }

func (s *session) push(n int) { s.out <- n }

func (s *session) read() {
	for i := 0; ; i++ {
		s.push(i)
	}
}

type server struct{ lost int }

func (v *server) handle(s *session) {
	defer func() {
		if r := recover(); r != nil {
			v.lost++
		}
	}()
	s.read()
}

func main() {
	v := &server{}
	for i := 0; i < 5; i++ {
		s := &session{make(chan int)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			v.handle(s)
		}()
		for k := 0; k < 10; k++ {
			<-s.out
		}
		close(s.out)
		<-done
		time.Sleep(250 * time.Millisecond)
	}
	fmt.Println(v.lost, "connections")
}
