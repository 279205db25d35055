// SPDX-License-Identifier: BSD-2-Clause

// The first request that needs the database opens its pool. The pool belongs to the program: it has
// goroutines and a context of its own, and outlives that request. After jackc/pgx#1259.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

type connector struct{}

func (connector) Connect(context.Context) (driver.Conn, error) { return conn{}, nil }
func (connector) Driver() driver.Driver                        { return nil }

type conn struct{}

var errUnsupported = errors.New("not supported")

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errUnsupported }
func (conn) Begin() (driver.Tx, error)           { return nil, errUnsupported }
func (conn) Close() error                        { return nil }
func (conn) Ping(ctx context.Context) error      { return ctx.Err() }

type app struct {
	once sync.Once
	db   *sql.DB
}

func (a *app) database() *sql.DB {
	a.once.Do(func() {
		a.db = sql.OpenDB(connector{})
		a.db.SetMaxIdleConns(2)
		a.db.SetConnMaxLifetime(time.Second)
	})
	return a.db
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a.database().PingContext(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func main() {
	a := new(app)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, a)
	for i := 0; i < 3; i++ {
		res, err := http.Get("http://" + l.Addr().String() + "/ready")
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections() // the connections end, and their contexts
	time.Sleep(5500 * time.Millisecond)
	fmt.Println("closed:", a.db.Close())
}
