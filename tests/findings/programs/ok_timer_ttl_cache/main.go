// A cache with an expiry timer per key: a new value stops the old timer, so there are never more than keys.
package main

import (
	"fmt"
	"sync"
	"time"
)

type item struct {
	value int
	timer *time.Timer
}

type cache struct {
	mu    sync.Mutex
	ttl   time.Duration
	items map[string]*item
}

func (c *cache) set(key string, v int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.items[key]; old != nil {
		old.timer.Stop()
	}
	it := &item{value: v}
	it.timer = time.AfterFunc(c.ttl, func() { c.expire(key, it) })
	c.items[key] = it
}

func (c *cache) expire(key string, it *item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[key] == it {
		delete(c.items, key)
	}
}

func (c *cache) get(key string) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.items[key]
	if it == nil {
		return 0, false
	}
	return it.value, true
}

func main() {
	c := &cache{ttl: 5 * time.Minute, items: map[string]*item{}}
	hits := 0
	end := time.Now().Add(6 * time.Second)
	for n := 0; time.Now().Before(end); n++ {
		for i := 0; i < 5; i++ {
			c.set(fmt.Sprint("key-", (n*5+i)%250), n)
			if _, ok := c.get(fmt.Sprint("key-", n%250)); ok {
				hits++
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(hits, len(c.items))
}
