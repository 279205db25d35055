// Each poll registers a watcher with an expiry function; when the watch ends early the expiry stays armed.
package main

import (
	"fmt"
	"sync"
	"time"
)

type watcher struct {
	key    string
	events chan string
}

type hub struct {
	mu       sync.Mutex
	watchers map[*watcher]bool
	expired  int
}

func (h *hub) watch(key string, ttl time.Duration) *watcher {
	w := &watcher{key: key, events: make(chan string, 1)}
	h.mu.Lock()
	h.watchers[w] = true
	h.mu.Unlock()
	time.AfterFunc(ttl, func() { h.remove(w, true) })
	return w
}

func (h *hub) remove(w *watcher, expired bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[w] {
		delete(h.watchers, w)
		if expired {
			h.expired++
		}
	}
}

func (h *hub) notify(key, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		if w.key == key {
			w.events <- value
		}
	}
}

func main() {
	h := &hub{watchers: map[*watcher]bool{}}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	polls := 0
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		<-tick.C
		for i := 0; i < 6; i++ {
			key := fmt.Sprint("/keys/", i)
			w := h.watch(key, 10*time.Minute)
			h.notify(key, "new")
			<-w.events
			h.remove(w, false)
			polls++
		}
	}
	fmt.Println(polls, "polls", len(h.watchers), "watchers")
}
