// Two hundred clients back off between their tries, up to seconds, each with one timer that it stops when told to.
package main

import (
	"fmt"
	"sync"
	"time"
)

type client struct {
	id   int
	quit chan struct{}
}

func (c *client) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.quit:
		return false
	}
}

func (c *client) connect(wg *sync.WaitGroup, tries *int) {
	defer wg.Done()
	wait := time.Duration(20+c.id) * time.Millisecond
	for c.sleep(wait) {
		*tries++
		if wait *= 2; wait > 3*time.Second {
			wait = 3 * time.Second
		}
	}
}

func main() {
	quit := make(chan struct{})
	tries := make([]int, 200)
	var wg sync.WaitGroup
	for i := range tries {
		wg.Add(1)
		go (&client{i, quit}).connect(&wg, &tries[i])
	}
	time.Sleep(6 * time.Second)
	close(quit)
	wg.Wait()
	fmt.Println(tries[0], tries[199])
}
