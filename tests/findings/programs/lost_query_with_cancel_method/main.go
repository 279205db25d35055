// A database driver gives each query a cancellable context and a Cancel method that no caller knows it has to call.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type session struct {
	ctx  context.Context
	pool chan struct{}
}

type query struct {
	s      *session
	stmt   string
	ctx    context.Context
	cancel context.CancelFunc
}

func (s *session) Query(stmt string) *query {
	q := &query{s: s, stmt: stmt}
	q.ctx, q.cancel = context.WithCancel(s.ctx)
	return q
}

// Cancel ends the query early.
func (q *query) Cancel() { q.cancel() }

func (q *query) Exec() error {
	select {
	case <-q.s.pool:
	case <-q.ctx.Done():
		return q.ctx.Err()
	}
	defer func() { q.s.pool <- struct{}{} }()
	select {
	case <-time.After(3 * time.Millisecond):
		return nil
	case <-q.ctx.Done():
		return q.ctx.Err()
	}
}

func writer(s *session, id int, until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; time.Now().Before(until); i++ {
		q := s.Query(fmt.Sprintf("INSERT INTO t VALUES (%d, %d)", id, i))
		if err := q.Exec(); err != nil {
			fmt.Println(err)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &session{ctx: ctx, pool: make(chan struct{}, 2)}
	s.pool <- struct{}{}
	s.pool <- struct{}{}
	var wg sync.WaitGroup
	until := time.Now().Add(6 * time.Second)
	for id := 0; id < 3; id++ {
		wg.Add(1)
		go writer(s, id, until, &wg)
	}
	wg.Wait()
}
