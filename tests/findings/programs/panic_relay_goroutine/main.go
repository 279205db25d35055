// SPDX-License-Identifier: BSD-2-Clause

// A request's work runs on a goroutine of its own, whose panic is handed back through a channel and thrown
// again where the caller waits. After kubernetes/kubernetes#127532.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"
)

type task struct {
	result chan interface{}
}

func withRoutine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &task{make(chan interface{}, 1)}
		go func() {
			defer func() { t.result <- recover() }()
			next.ServeHTTP(w, r)
		}()
		t.relay()
	})
}

func (t *task) relay() {
	if v := <-t.result; v != nil {
		panic(v)
	}
}

func quota(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("user") == "" {
		panic(fmt.Sprintf("no user in %s", r.URL.Path))
	}
	io.WriteString(w, "ok")
}

func main() {
	s := httptest.NewUnstartedServer(withRoutine(http.HandlerFunc(quota)))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	defer s.Close()
	for i := 0; i < 8; i++ {
		url := s.URL + "/quota?user=a"
		if i%2 == 0 {
			url = s.URL + "/quota"
		}
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
		}
		fmt.Println(i, err == nil)
		time.Sleep(120 * time.Millisecond)
	}
}
