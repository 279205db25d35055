// SPDX-License-Identifier: BSD-2-Clause

// Events are read from a stream that stays open and silent; the context is looked at between the
// events only. After mark3labs/mcp-go#779.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

type transport struct {
	handle func(data string)
}

func (t *transport) readSSE(ctx context.Context, body io.ReadCloser) {
	defer body.Close()
	br := bufio.NewReader(body)
	for {
		select {
		case <-ctx.Done():
			return
		default:
		}
		line, err := br.ReadString('\n')
		if err != nil {
			fmt.Println("sse:", err)
			return
		}
		if strings.HasPrefix(line, "data:") {
			t.handle(strings.TrimSpace(line[5:]))
		}
	}
}

func (t *transport) listen(ctx context.Context, body io.ReadCloser) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.readSSE(ctx, body)
	}()
	return done
}

func main() {
	t := &transport{func(data string) { fmt.Println("event", data) }}
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := t.listen(ctx, r)
	fmt.Fprint(w, "data: hello\n\n")
	time.Sleep(time.Second)
	cancel()
	select {
	case <-done:
	case <-time.After(4700 * time.Millisecond):
		fmt.Println("the reader of events does not stop")
	}
}
