// SPDX-License-Identifier: BSD-2-Clause

// A proxy asks its upstream with a request that has no context: when its own client hangs up, the
// upstream works on for nobody. After caddyserver/caddy#1589.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type proxy struct {
	upstream string
	client   *http.Client
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequest(r.Method, p.upstream+r.URL.Path, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out.Header = r.Header.Clone()
	res, err := p.client.Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.WriteHeader(res.StatusCode)
	io.Copy(w, res.Body)
}

// slowApp stops as soon as its client does.
func slowApp(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(time.Minute):
		fmt.Fprintln(w, "result")
	case <-r.Context().Done():
		fmt.Println("app: not wanted any more")
	}
}

func serve(h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, h)
	return l.Addr().String()
}

func main() {
	app := serve(http.HandlerFunc(slowApp))
	addr := serve(&proxy{"http://" + app, &http.Client{Timeout: 30 * time.Second}})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "GET /search?q=go HTTP/1.1\r\nHost: localhost\r\n\r\n")
	time.Sleep(time.Second)
	c.Close()
	time.Sleep(4800 * time.Millisecond)
}
