// SPDX-License-Identifier: BSD-2-Clause

// After it has answered with what it can tell, a handler that failed aborts with http.ErrAbortHandler: the
// second value is another, by intent. After golang/go#28239.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"
)

var errUpstream = errors.New("upstream closed")

func abortOnPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				fmt.Println("aborting:", v)
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func proxy(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "head")
	w.(http.Flusher).Flush()
	panic(errUpstream)
}

func main() {
	s := httptest.NewServer(abortOnPanic(http.HandlerFunc(proxy)))
	defer s.Close()
	for i := 0; i < 10; i++ {
		if resp, err := http.Get(s.URL); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		time.Sleep(120 * time.Millisecond)
	}
}
