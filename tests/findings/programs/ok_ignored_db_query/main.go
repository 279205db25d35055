// SPDX-License-Identifier: BSD-2-Clause

// A handler queries with the context of its request; the client goes away, the query ends, and the
// connection goes back to its pool. After minio/operator#404.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

type connector struct{ locked chan struct{} }

func (c *connector) Connect(context.Context) (driver.Conn, error) { return &conn{c.locked}, nil }
func (c *connector) Driver() driver.Driver                        { return nil }

type conn struct{ locked chan struct{} }

var errUnsupported = errors.New("not supported")

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errUnsupported }
func (c *conn) Begin() (driver.Tx, error)           { return nil, errUnsupported }
func (c *conn) Close() error                        { return nil }

func (c *conn) QueryContext(ctx context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	select {
	case <-c.locked:
		return nil, errUnsupported
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type server struct{ db *sql.DB }

func (s *server) search(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()
	rows, err := s.db.QueryContext(ctx, "SELECT * FROM audit_log_events")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	rows.Close()
}

func main() {
	s := &server{sql.OpenDB(&connector{make(chan struct{})})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(s.search))
	for i := 0; i < 3; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(c, "GET /search HTTP/1.1\r\nHost: localhost\r\n\r\n")
		time.AfterFunc(time.Second, func() { c.Close() })
	}
	time.Sleep(5700 * time.Millisecond)
	fmt.Println("connections in use:", s.db.Stats().InUse)
}
