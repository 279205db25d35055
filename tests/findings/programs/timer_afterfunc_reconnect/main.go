// After every connect a report is scheduled for a day later; a reconnect schedules the next and stops none.
package main

import (
	"fmt"
	"sync"
	"time"
)

const reportPeriod = 24 * time.Hour

type controller struct {
	mu      sync.Mutex
	reports int
	tunnels int
}

func (c *controller) report() {
	c.mu.Lock()
	c.reports++
	c.mu.Unlock()
}

func (c *controller) connected(id int) {
	c.mu.Lock()
	c.tunnels++
	c.mu.Unlock()
	time.AfterFunc(reportPeriod, func() {
		fmt.Println("tunnel", id)
		c.report()
	})
}

func (c *controller) disconnected() {
	c.mu.Lock()
	c.tunnels--
	c.mu.Unlock()
}

func (c *controller) flap(from int, until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	for id := from; time.Now().Before(until); {
		for i := 0; i < 5; i++ {
			c.connected(id)
			c.disconnected()
			id++
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func main() {
	c := &controller{}
	var wg sync.WaitGroup
	until := time.Now().Add(6 * time.Second)
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go c.flap(w*1000000, until, &wg)
	}
	wg.Wait()
	fmt.Println(c.tunnels, "tunnels", c.reports, "reports")
}
