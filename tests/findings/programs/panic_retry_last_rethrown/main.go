// SPDX-License-Identifier: BSD-2-Clause

// Each attempt's panic is recovered and kept; when none is left the last one is thrown again, long after its
// stack was unwound. After gohugoio/hugo#13811.
package main

import (
	"fmt"
	"time"
)

type renderer struct{ broken bool }

type missing struct{ name string }

func (r *renderer) render(name string) string {
	if r.broken {
		panic(&missing{name})
	}
	return "<" + name + ">"
}

func attempt(f func() string) (s string, value interface{}) {
	defer func() { value = recover() }()
	return f(), nil
}

func retry(n int, f func() string) string {
	var last interface{}
	for i := 0; i < n; i++ {
		s, v := attempt(f)
		if v == nil {
			return s
		}
		last = v
		time.Sleep(20 * time.Millisecond)
	}
	panic(last)
}

func page(r *renderer, name string) (s string, err error) {
	defer func() {
		if v, ok := recover().(*missing); ok {
			err = fmt.Errorf("no template %s", v.name)
		}
	}()
	return retry(3, func() string { return r.render(name) }), nil
}

func main() {
	for i := 0; i < 8; i++ {
		fmt.Println(page(&renderer{i%2 == 0}, "list"))
		time.Sleep(120 * time.Millisecond)
	}
}
