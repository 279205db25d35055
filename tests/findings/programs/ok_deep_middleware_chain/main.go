// Twenty middlewares, each of which adds one value to the request's context; the request ends and so does the chain.
package main

import (
	"context"
	"fmt"
	"time"
)

type key int

type handler func(ctx context.Context) int

func with(k key, next handler) handler {
	return func(ctx context.Context) int {
		return next(context.WithValue(ctx, k, int(k)*2))
	}
}

func endpoint(ctx context.Context) int {
	sum := 0
	for k := key(0); k < 20; k++ {
		sum += ctx.Value(k).(int)
	}
	return sum
}

func serve(base context.Context, h handler) int {
	ctx, cancel := context.WithTimeout(base, time.Second)
	defer cancel()
	return h(ctx)
}

func main() {
	h := handler(endpoint)
	for k := key(0); k < 20; k++ {
		h = with(k, h)
	}
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	sum := 0
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		sum += serve(base, h)
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(sum)
}
