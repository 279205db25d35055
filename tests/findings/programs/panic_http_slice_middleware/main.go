// SPDX-License-Identifier: BSD-2-Clause

// A relay cuts a line that is shorter than it thinks, and a middleware turns that into a 500.
// After veepee-oss/influxdb-relay#34.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

func recovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				http.Error(w, "internal error", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

type relay struct{ sent int }

func (r *relay) forward(line []byte) {
	at := bytes.LastIndexByte(line, ' ')
	r.sent += len(bytes.TrimSpace(line[at-len("value=1"):]))
}

func (r *relay) write(w http.ResponseWriter, req *http.Request) {
	s := bufio.NewScanner(req.Body)
	for s.Scan() {
		r.forward(s.Bytes())
	}
	io.WriteString(w, "written\n")
}

func main() {
	r := &relay{}
	s := httptest.NewServer(recovery(http.HandlerFunc(r.write)))
	defer s.Close()
	for i := 0; i < 8; i++ {
		body := "cpu,host=a value=1 12345\n"
		if i%2 == 1 {
			body = "x 1\n"
		}
		resp, err := http.Post(s.URL, "text/plain", strings.NewReader(body))
		if err != nil {
			continue
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
		time.Sleep(100 * time.Millisecond)
	}
}
