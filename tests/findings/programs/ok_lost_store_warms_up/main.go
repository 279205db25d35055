// A session store warms up: two hundred log in within two seconds; from then on each login sees an older logout.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type session struct {
	ctx    context.Context
	cancel context.CancelFunc
}

type store struct {
	mu   sync.Mutex
	base context.Context
	byID map[int]session
}

func (s *store) login(id int) {
	ctx, cancel := context.WithCancel(s.base)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id] = session{ctx, cancel}
}

func (s *store) logout(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess, ok := s.byID[id]; ok {
		sess.cancel()
		delete(s.byID, id)
	}
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &store{base: base, byID: map[int]session{}}
	end := time.Now().Add(6 * time.Second)
	for id := 0; time.Now().Before(end); id++ {
		s.login(id)
		s.logout(id - 200)
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(len(s.byID), "sessions")
}
