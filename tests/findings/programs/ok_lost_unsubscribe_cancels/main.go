// A broker runs a goroutine per subscriber under a context that unsubscribe cancels; subscribers come and go.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type subscription struct {
	ch     chan int
	cancel context.CancelFunc
}

type broker struct {
	ctx  context.Context
	mu   sync.Mutex
	subs map[int]*subscription
	wg   sync.WaitGroup
	seen int
}

func (b *broker) subscribe(id int) {
	ctx, cancel := context.WithCancel(b.ctx)
	s := &subscription{ch: make(chan int, 8), cancel: cancel}
	b.mu.Lock()
	b.subs[id] = s
	b.mu.Unlock()
	b.wg.Add(1)
	go b.pump(ctx, s)
}

func (b *broker) pump(ctx context.Context, s *subscription) {
	defer b.wg.Done()
	n := 0
	defer func() {
		b.mu.Lock()
		b.seen += n
		b.mu.Unlock()
	}()
	for {
		select {
		case <-s.ch:
			n++
		case <-ctx.Done():
			return
		}
	}
}

func (b *broker) unsubscribe(id int) {
	b.mu.Lock()
	s := b.subs[id]
	delete(b.subs, id)
	b.mu.Unlock()
	if s != nil {
		s.cancel()
	}
}

func (b *broker) publish(v int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		select {
		case s.ch <- v:
		default:
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	b := &broker{ctx: ctx, subs: map[int]*subscription{}}
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		b.subscribe(i)
		b.unsubscribe(i - 30)
		b.publish(i)
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	b.wg.Wait()
	fmt.Println(b.seen)
}
