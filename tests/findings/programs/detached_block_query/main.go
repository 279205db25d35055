// SPDX-License-Identifier: BSD-2-Clause

// A handler makes a fresh context for its query instead of using the request's: a client that goes
// away leaves the query running. After OneBusAway/maglev#223.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

type database struct{ running int32 }

// query takes a minute: a join over all trips of a block.
func (d *database) query(ctx context.Context, block string) ([]string, error) {
	atomic.AddInt32(&d.running, 1)
	defer atomic.AddInt32(&d.running, -1)
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	select {
	case <-timer.C:
		return []string{block}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type api struct{ db *database }

func (a *api) blockHandler(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	trips, err := a.db.query(ctx, r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, trips)
}

func main() {
	a := &api{new(database)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/block/", a.blockHandler)
	go http.Serve(l, mux)

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "GET /block/1_7021 HTTP/1.1\r\nHost: localhost\r\n\r\n")
	time.Sleep(time.Second)
	c.Close()
	time.Sleep(4800 * time.Millisecond)
	fmt.Println("queries that nobody waits for:", atomic.LoadInt32(&a.db.running))
}
