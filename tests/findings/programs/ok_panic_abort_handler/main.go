// SPDX-License-Identifier: BSD-2-Clause

// A handler aborts its answer with http.ErrAbortHandler, a middleware lets that pass, and the server closes
// the connection, as documented. After go-chi/chi#588.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"
)

func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func stream(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "part of it")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func main() {
	s := httptest.NewServer(recoverer(http.HandlerFunc(stream)))
	defer s.Close()
	cut := 0
	for i := 0; i < 150; i++ {
		resp, err := http.Get(s.URL)
		if err != nil {
			continue
		}
		if _, err = io.ReadAll(resp.Body); err != nil {
			cut++
		}
		resp.Body.Close()
		time.Sleep(8 * time.Millisecond)
	}
	fmt.Println(cut, "cut")
}
