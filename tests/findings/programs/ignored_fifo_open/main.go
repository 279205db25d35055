// SPDX-License-Identifier: BSD-2-Clause

// The output of a container comes through a fifo; opening it waits for the other side, which has
// died before it opened its own. No context is heard there. After containerd/containerd#330.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

func openFifo(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY, 0)
}

type process struct{ stdout, stderr string }

func copyOutput(ctx context.Context, name, path string) error {
	f, err := openFifo(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for ctx.Err() == nil && lines.Scan() {
		fmt.Println(name, lines.Text())
	}
	return ctx.Err()
}

func (p *process) attach(ctx context.Context) {
	go copyOutput(ctx, "stdout", p.stdout)
	go copyOutput(ctx, "stderr", p.stderr)
}

func main() {
	dir, err := os.MkdirTemp("", "shim-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	p := &process{filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")}
	for _, path := range []string{p.stdout, p.stderr} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			panic(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.attach(ctx)
	time.Sleep(time.Second)
	cancel() // the container has gone before it wrote anything
	fmt.Println("container is gone")
	time.Sleep(4700 * time.Millisecond)
}
