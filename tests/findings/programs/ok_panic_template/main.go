// SPDX-License-Identifier: BSD-2-Clause

// text/template ends an execution by a panic of its own, and calls functions under a recover.
// After golang/go#28242.
package main

import (
	"errors"
	"fmt"
	"io"
	"text/template"
	"time"
)

var errNoUser = errors.New("no such user")

func user(name string) (string, error) {
	if name == "" {
		return "", errNoUser
	}
	return "<" + name + ">", nil
}

func main() {
	t := template.Must(template.New("page").Funcs(template.FuncMap{"user": user}).Parse(
		`{{range .}}{{user .}} {{.Missing}}{{end}}`))
	failed := 0
	for i := 0; i < 400; i++ {
		if t.Execute(io.Discard, []string{"a", ""}) != nil {
			failed++
		}
		time.Sleep(3 * time.Millisecond)
	}
	fmt.Println(failed, "failed")
}
