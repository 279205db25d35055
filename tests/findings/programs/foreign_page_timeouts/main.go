// A browser page is a Context; every element found on it derives its own and keeps it as long as the page is open.
package main

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

type page struct {
	url    string
	closed chan struct{}
}

func (p *page) Deadline() (deadline time.Time, ok bool) { return }
func (p *page) Done() <-chan struct{}                   { return p.closed }
func (p *page) Value(any) any                           { return p.url }
func (p *page) Err() error {
	select {
	case <-p.closed:
		return context.Canceled
	default:
		return nil
	}
}

type element struct {
	page     *page
	selector string
	ctx      context.Context
	release  context.CancelFunc
}

func (p *page) element(selector string) *element {
	ctx, cancel := context.WithDeadline(p, time.Now().Add(10*time.Minute))
	return &element{page: p, selector: selector, ctx: ctx, release: cancel}
}

func (p *page) all(n int) []*element {
	var found []*element
	for i := 0; i < n; i++ {
		found = append(found, p.element(fmt.Sprint("#row-", i)))
	}
	return found
}

func crawl(url string, d time.Duration) int {
	p := &page{url: url, closed: make(chan struct{})}
	defer close(p.closed)
	rows := p.all(200)
	end := time.Now().Add(d)
	texts := 0
	for time.Now().Before(end) {
		for _, e := range rows {
			if e.ctx.Err() == nil {
				texts += len(e.selector)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, e := range rows {
		e.release()
	}
	return texts
}

func main() {
	done := make(chan int)
	for i := 0; i < 3; i++ {
		go func(i int) { done <- crawl(fmt.Sprint("https://example.test/", i), 5500*time.Millisecond) }(i)
	}
	time.Sleep(3 * time.Second)
	fmt.Println(runtime.NumGoroutine(), "goroutines for three pages")
	for i := 0; i < 3; i++ {
		<-done
	}
}
