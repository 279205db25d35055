//go:build !go1.27

// A scheduler takes a new time.After for its next entry, hours away, whenever somebody asks for a snapshot.
package main

import (
	"fmt"
	"sort"
	"sync"
	"time"
)

type entry struct {
	name string
	next time.Time
}

type cron struct {
	entries  []entry
	snapshot chan chan []entry
	stop     chan struct{}
}

func (c *cron) run(wg *sync.WaitGroup) {
	defer wg.Done()
	for {
		sort.Slice(c.entries, func(i, j int) bool { return c.entries[i].next.Before(c.entries[j].next) })
		select {
		case <-time.After(time.Until(c.entries[0].next)):
			c.entries[0].next = c.entries[0].next.Add(6 * time.Hour)
		case reply := <-c.snapshot:
			reply <- append([]entry(nil), c.entries...)
		case <-c.stop:
			return
		}
	}
}

func main() {
	now := time.Now()
	c := &cron{
		entries:  []entry{{"backup", now.Add(5 * time.Hour)}, {"report", now.Add(9 * time.Hour)}},
		snapshot: make(chan chan []entry),
		stop:     make(chan struct{}),
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go c.run(&wg)
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	asked := 0
	for time.Since(now) < 6*time.Second {
		<-tick.C
		for i := 0; i < 5; i++ {
			reply := make(chan []entry, 1)
			c.snapshot <- reply
			asked += len(<-reply)
		}
	}
	close(c.stop)
	wg.Wait()
	fmt.Println(asked)
}
