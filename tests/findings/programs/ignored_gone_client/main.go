// SPDX-License-Identifier: BSD-2-Clause

// A long-poll handler waits for an event or for its timeout, and not for the request's context: it
// stays when the client has gone. After jcuga/golongpoll#4.
package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

type manager struct {
	mu      sync.Mutex
	waiting map[chan string]bool
	timeout time.Duration
}

func (m *manager) add(c chan string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[c] = true
}

func (m *manager) remove(c chan string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.waiting, c)
}

func (m *manager) subscribe(w http.ResponseWriter, r *http.Request) {
	events := make(chan string, 1)
	m.add(events)
	defer m.remove(events)
	select {
	case e := <-events:
		fmt.Fprintln(w, e)
	case <-time.After(m.timeout):
		w.WriteHeader(http.StatusNoContent)
	}
}

func main() {
	m := &manager{waiting: map[chan string]bool{}, timeout: 2 * time.Minute}
	mux := http.NewServeMux()
	mux.HandleFunc("/events", m.subscribe)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, mux)

	// three browsers that are closed after a second
	var conns []net.Conn
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET /events?category=abc HTTP/1.1\r\nHost: localhost\r\n\r\n")
		conns = append(conns, c)
	}
	time.Sleep(time.Second)
	for _, c := range conns {
		c.Close()
	}
	time.Sleep(4700 * time.Millisecond)
	m.mu.Lock()
	fmt.Println("handlers still waiting:", len(m.waiting))
	m.mu.Unlock()
}
