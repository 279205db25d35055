// A web server's request type is a Context whose Done is the server's: long polls under it take two goroutines each.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type server struct {
	done chan struct{}
	news chan string
	wg   sync.WaitGroup
}

type requestCtx struct {
	srv    *server
	path   string
	values map[any]any
}

func (r *requestCtx) Deadline() (time.Time, bool) { return time.Time{}, false }
func (r *requestCtx) Done() <-chan struct{}       { return r.srv.done }
func (r *requestCtx) Value(k any) any             { return r.values[k] }
func (r *requestCtx) Err() error {
	select {
	case <-r.srv.done:
		return context.Canceled
	default:
		return nil
	}
}

type pollHandler struct{ wait time.Duration }

func (h *pollHandler) serve(r *requestCtx) (string, error) {
	ctx, cancel := context.WithTimeout(r, h.wait)
	defer cancel()
	select {
	case n := <-r.srv.news:
		return n, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (s *server) client(h *pollHandler, id int, until time.Time) {
	defer s.wg.Done()
	for time.Now().Before(until) {
		r := &requestCtx{srv: s, path: fmt.Sprint("/poll/", id), values: map[any]any{}}
		h.serve(r)
	}
}

func main() {
	s := &server{done: make(chan struct{}), news: make(chan string)}
	h := &pollHandler{wait: 3 * time.Second}
	until := time.Now().Add(5500 * time.Millisecond)
	for id := 0; id < 250; id++ {
		s.wg.Add(1)
		go s.client(h, id, until)
	}
	for time.Now().Before(until) {
		select {
		case s.news <- "hello":
		case <-time.After(50 * time.Millisecond):
		}
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Println(runtime.NumGoroutine(), "goroutines")
	close(s.done)
	s.wg.Wait()
}
