// A paginated scan starts each page's span from the page before: thousands of pages are one chain of spans.
package main

import (
	"context"
	"fmt"
	"time"
)

type spanKey struct{}

type span struct {
	name   string
	parent *span
	depth  int
}

func startSpan(ctx context.Context, name string) (context.Context, *span) {
	s := &span{name: name}
	if p, ok := ctx.Value(spanKey{}).(*span); ok {
		s.parent, s.depth = p, p.depth+1
	}
	return context.WithValue(ctx, spanKey{}, s), s
}

type table struct{ rows int }

func (t *table) page(ctx context.Context, from, n int) (next int, err error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(10 * time.Millisecond):
	}
	if from+n >= t.rows {
		return -1, nil
	}
	return from + n, nil
}

func (t *table) scan(ctx context.Context, size int) (pages, depth int, err error) {
	for at := 0; at >= 0; pages++ {
		var s *span
		ctx, s = startSpan(ctx, fmt.Sprint("page-", at))
		depth = s.depth
		if at, err = t.page(ctx, at, size); err != nil {
			return
		}
	}
	return
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
	defer cancel()
	t := &table{rows: 1 << 20}
	fmt.Println(t.scan(ctx, 100))
}
