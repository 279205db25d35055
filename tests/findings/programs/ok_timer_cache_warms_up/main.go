// A cache warms up: a timer for each of two thousand keys within two seconds; from then on a new value stops the old one's.
package main

import (
	"fmt"
	"sync"
	"time"
)

type cache struct {
	mu     sync.Mutex
	ttl    time.Duration
	expiry map[int]*time.Timer
}

func (c *cache) set(key int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.expiry[key]; old != nil {
		old.Stop()
	}
	c.expiry[key] = time.AfterFunc(c.ttl, func() { c.drop(key) })
}

func (c *cache) drop(key int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.expiry, key)
}

func main() {
	c := &cache{ttl: 5 * time.Minute, expiry: map[int]*time.Timer{}}
	end := time.Now().Add(6 * time.Second)
	n := 0
	for time.Now().Before(end) {
		for i := 0; i < 10; i++ {
			c.set(n % 2000)
			n++
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println(n, len(c.expiry))
}
