// A loop gives each round a context with two values, always from the same base.
package main

import (
	"context"
	"fmt"
	"time"
)

type idKey struct{}
type tryKey struct{}

type consumer struct{ handled map[int]int }

func (c *consumer) handle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.handled[ctx.Value(tryKey{}).(int)]++
	return nil
}

func (c *consumer) loop(base context.Context, messages <-chan int) {
	for id := range messages {
		ctx := context.WithValue(base, idKey{}, id)
		for try := 0; try < 3; try++ {
			tctx := context.WithValue(ctx, tryKey{}, try)
			if err := c.handle(tctx); err != nil {
				return
			}
		}
	}
}

func main() {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &consumer{handled: map[int]int{}}
	messages := make(chan int)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.loop(base, messages)
	}()
	end := time.Now().Add(6 * time.Second)
	for id := 0; time.Now().Before(end); id++ {
		messages <- id
		time.Sleep(2 * time.Millisecond)
	}
	close(messages)
	<-done
	fmt.Println(c.handled)
}
