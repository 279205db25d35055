// A walk of a tree twenty-four levels deep: a span's value and a cancel per level, unwound on the way back.
package main

import (
	"context"
	"fmt"
	"time"
)

type pathKey struct{}

type walker struct{ visited int }

func (w *walker) walk(parent context.Context, path string, depth int) error {
	ctx, cancel := context.WithCancel(context.WithValue(parent, pathKey{}, path))
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	w.visited++
	if depth == 0 {
		time.Sleep(time.Millisecond)
		return nil
	}
	if depth%6 == 0 {
		if err := w.walk(ctx, path+"/a", depth-1); err != nil {
			return err
		}
	}
	return w.walk(ctx, path+"/b", depth-1)
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := &walker{}
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		if err := w.walk(base, "", 24); err != nil {
			fmt.Println(err)
		}
		time.Sleep(40 * time.Millisecond)
	}
	fmt.Println(w.visited)
}
