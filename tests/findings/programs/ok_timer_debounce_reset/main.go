// A debouncer of file events has one timer and resets it; a hundred events become one rebuild.
package main

import (
	"fmt"
	"sync"
	"time"
)

type debouncer struct {
	mu    sync.Mutex
	quiet time.Duration
	timer *time.Timer
	run   func()
}

func (d *debouncer) event() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer == nil {
		d.timer = time.AfterFunc(d.quiet, d.run)
		return
	}
	d.timer.Reset(d.quiet)
}

func (d *debouncer) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}

func main() {
	var mu sync.Mutex
	builds := 0
	d := &debouncer{quiet: 100 * time.Millisecond, run: func() {
		mu.Lock()
		builds++
		mu.Unlock()
	}}
	events := 0
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		for i := 0; i < 300; i++ {
			d.event()
			events++
			time.Sleep(time.Millisecond)
		}
		time.Sleep(200 * time.Millisecond)
	}
	d.stop()
	mu.Lock()
	fmt.Println(events, "events", builds, "builds")
	mu.Unlock()
}
