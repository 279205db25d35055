//go:build !go1.27

// Retries wait for one tick of a ticker that nobody stops: each goes on ticking for the life of the process.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

const flushTimeout = 100 * time.Millisecond

type node struct {
	mu    sync.Mutex
	asked int
}

func (n *node) request(slot int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	if n.asked%20 != 0 {
		return errors.New("node timed out")
	}
	return nil
}

type analyzer struct{ node *node }

func (a *analyzer) pause() {
	ticker := time.NewTicker(flushTimeout)
	<-ticker.C
}

func (a *analyzer) block(slot int) (tries int) {
	for tries = 1; a.node.request(slot) != nil && tries < 8; tries++ {
		a.pause()
	}
	return tries
}

func main() {
	a := &analyzer{&node{}}
	var wg sync.WaitGroup
	end := time.Now().Add(6 * time.Second)
	for w := 0; w < 40; w++ {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			for slot := w; time.Now().Before(end); slot += 40 {
				a.block(slot)
			}
		}(w)
	}
	wg.Wait()
	fmt.Println(a.node.asked, "requests")
}
