// SPDX-License-Identifier: BSD-2-Clause

// A transaction is rolled back in a deferred call that takes it for open; the function has already closed it
// when it panics. After dedis/onet#447.
package main

import (
	"errors"
	"fmt"
	"time"
)

var errDone = errors.New("transaction has already been committed or rolled back")

type tx struct{ open bool }

func (t *tx) mustRollback() {
	if !t.open {
		panic(errDone)
	}
	t.open = false
}

type row struct{ balance map[string]int }

func transfer(r *row, from string, n int) {
	t := &tx{open: true}
	defer t.mustRollback()
	if n > 5 {
		t.open = false
		panic(fmt.Sprintf("limit of %s exceeded: %d", from, n))
	}
	r.balance[from] -= n
}

func serve(r *row, n int) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("transfer: %v", v)
		}
	}()
	transfer(r, "a", n)
	return nil
}

func main() {
	r := &row{map[string]int{}}
	for i := 0; i < 9; i++ {
		fmt.Println(serve(r, i))
		time.Sleep(130 * time.Millisecond)
	}
}
