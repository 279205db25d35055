// SPDX-License-Identifier: BSD-2-Clause

// Requests on one connection: the context of the first is done when its handler has returned; the
// second takes five seconds, with its client waiting, in the same goroutine.
// After stellar-deprecated/horizon#161.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"time"
)

type server struct{ results chan string }

func (s *server) render() string {
	return <-s.results
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/quick":
		fmt.Fprint(w, "quick")
	case "/slow":
		fmt.Fprint(w, s.render())
	}
}

func ask(c net.Conn, in *bufio.Reader, path string) {
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		panic(err)
	}
	body := make([]byte, res.ContentLength)
	if _, err := res.Body.Read(body); err != nil && len(body) == 0 {
		panic(err)
	}
	res.Body.Close()
	fmt.Printf("%s: %s\n", path, body)
}

func main() {
	s := &server{make(chan string)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, s)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for i := 0; i < 3; i++ {
		ask(c, in, "/quick")
	}
	time.AfterFunc(5*time.Second, func() { s.results <- "rendered" })
	ask(c, in, "/slow")
}
