// Every connection has a ticker for its keep-alives and stops it when it closes.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type conn struct {
	id     int
	closed chan struct{}
}

type server struct {
	pings atomic.Int64
	wg    sync.WaitGroup
}

func (s *server) keepAlive(c *conn) {
	defer s.wg.Done()
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.pings.Add(1)
		case <-c.closed:
			return
		}
	}
}

func (s *server) open(id int) *conn {
	c := &conn{id, make(chan struct{})}
	s.wg.Add(1)
	go s.keepAlive(c)
	return c
}

func main() {
	s := &server{}
	var open []*conn
	end := time.Now().Add(6 * time.Second)
	for id := 0; time.Now().Before(end); id++ {
		open = append(open, s.open(id))
		if len(open) > 50 {
			close(open[0].closed)
			open = open[1:]
		}
		time.Sleep(3 * time.Millisecond)
	}
	for _, c := range open {
		close(c.closed)
	}
	s.wg.Wait()
	fmt.Println(s.pings.Load(), "pings")
}
