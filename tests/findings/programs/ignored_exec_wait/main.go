// SPDX-License-Identifier: BSD-2-Clause

// exec.CommandContext kills the shell when the context ends, but what the shell started holds the
// pipe of its output: Wait goes on until that ends too. After golang/go#23019.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

type hook struct {
	name   string
	script string
}

func (h *hook) run(ctx context.Context) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", h.script)
	cmd.Stdout = &out
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		return "", err
	}
	err := cmd.Wait()
	return out.String(), err
}

func deploy(h *hook, done chan<- error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	out, err := h.run(ctx)
	fmt.Printf("%s: %q\n", h.name, out)
	done <- err
}

func main() {
	h := &hook{"post-deploy", "echo started; sleep 7 & wait"}
	done := make(chan error, 1)
	go deploy(h, done)
	select {
	case err := <-done:
		fmt.Println("hook:", err)
	case <-time.After(5800 * time.Millisecond):
		fmt.Println("hook: killed, and still waited for")
	}
}
