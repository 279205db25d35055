// SPDX-License-Identifier: BSD-2-Clause

// A middleware notes who asked and panics on with the same value, within its deferred call: the stack below
// is whole. After remind101/pkg#37.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"
)

var errTenant = errors.New("tenant is locked")

var noted int64

func observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				atomic.AddInt64(&noted, 1)
				panic(v)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func account(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("tenant") == "b" {
		panic(errTenant)
	}
	io.WriteString(w, "ok")
}

func main() {
	s := httptest.NewUnstartedServer(observe(http.HandlerFunc(account)))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	defer s.Close()
	for i := 0; i < 12; i++ {
		resp, err := http.Get(s.URL + "/?tenant=" + string(rune('a'+i%2)))
		if err == nil {
			resp.Body.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println(atomic.LoadInt64(&noted))
}
