// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.20

// A command whose grandchild holds its output open: WaitDelay ends the wait half a second after the
// kill. After cockroachdb/cockroach#131350.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

func run(ctx context.Context, script string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.Stdout = &out
	cmd.Stderr = &out
	cmd.WaitDelay = 500 * time.Millisecond
	err := cmd.Run()
	return out.String(), err
}

func main() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		out, err := run(ctx, "echo started; sleep 6 & wait")
		fmt.Printf("%q %v\n", out, err)
	}()
	<-done
	time.Sleep(4200 * time.Millisecond)
}
