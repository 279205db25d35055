// SPDX-License-Identifier: BSD-2-Clause

// A handler starts the write of an audit record and answers; the record is written by a goroutine
// that has nothing of the request but the text, under its own timeout. After m3o/backend#478.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

type auditLog struct {
	wg      sync.WaitGroup
	mu      sync.Mutex
	written []string
}

// put sends to a log server far away.
func (a *auditLog) put(ctx context.Context, line string) error {
	select {
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written = append(a.written, line)
	return nil
}

func (a *auditLog) write(line string) {
	defer a.wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := a.put(ctx, line); err != nil {
		fmt.Println("audit:", err)
	}
}

func (a *auditLog) record(line string) {
	a.wg.Add(1)
	go a.write(line)
}

type server struct{ audit auditLog }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.audit.record(r.Method + " " + r.URL.Path)
	fmt.Fprintln(w, "created")
}

func main() {
	s := new(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, s)
	for i := 0; i < 3; i++ {
		res, err := http.Get(fmt.Sprintf("http://%s/users/%d", l.Addr(), i))
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	time.Sleep(2 * time.Second)
	s.audit.wg.Wait()
	fmt.Println("audited:", len(s.audit.written))
	time.Sleep(2 * time.Second)
}
