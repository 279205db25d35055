// A bounded store of sessions: logout, or the next login when it is full, cancels a session's context.
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
	mu    sync.Mutex
	base  context.Context
	max   int
	order []string
	byID  map[string]*session
}

func (s *store) login(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) >= s.max {
		s.drop(s.order[0])
	}
	ctx, cancel := context.WithCancel(s.base)
	sess := &session{ctx, cancel}
	s.byID[id] = sess
	s.order = append(s.order, id)
	return sess
}

func (s *store) drop(id string) {
	if sess := s.byID[id]; sess != nil {
		sess.cancel()
		delete(s.byID, id)
	}
	for i, o := range s.order {
		if o == id {
			s.order = append(s.order[:i], s.order[i+1:]...)
			break
		}
	}
}

func (s *store) logout(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
}

func (s *store) touch(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess := s.byID[id]
	return sess != nil && sess.ctx.Err() == nil
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &store{base: base, max: 40, byID: map[string]*session{}}
	end := time.Now().Add(6 * time.Second)
	live := 0
	for i := 0; time.Now().Before(end); i++ {
		s.login(fmt.Sprint("user-", i))
		if i%2 == 1 {
			s.logout(fmt.Sprint("user-", i-1))
		}
		if s.touch(fmt.Sprint("user-", i-10)) {
			live++
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(live, len(s.byID))
}
