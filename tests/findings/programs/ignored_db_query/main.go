// SPDX-License-Identifier: BSD-2-Clause

// A handler asks its database with Query and not with QueryContext: when the client goes away the
// query, and with it the handler, goes on. After open-policy-agent/opa-control-plane#405.
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

// A conn is a connection to a database in which a table is locked.
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

func (s *server) listBundles(w http.ResponseWriter, r *http.Request) {
	rows, err := s.db.Query("SELECT * FROM bundles JOIN sources USING (id)")
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
	go http.Serve(l, http.HandlerFunc(s.listBundles))

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "GET /v1/bundles HTTP/1.1\r\nHost: localhost\r\n\r\n")
	time.Sleep(time.Second)
	c.Close()
	time.Sleep(4700 * time.Millisecond)
	fmt.Println("connections in use:", s.db.Stats().InUse)
}
