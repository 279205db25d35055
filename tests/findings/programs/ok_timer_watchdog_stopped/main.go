// Every request has a watchdog of thirty seconds and stops it when it is done: thousands are made, few are held.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type server struct {
	slow   atomic.Int64
	served atomic.Int64
}

func (s *server) handle(id int) {
	w := time.AfterFunc(30*time.Second, func() {
		s.slow.Add(1)
		fmt.Println("request", id, "is slow")
	})
	defer w.Stop()
	time.Sleep(time.Duration(1+id%4) * time.Millisecond)
	s.served.Add(1)
}

func (s *server) client(from int, until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	for id := from; time.Now().Before(until); id++ {
		s.handle(id)
	}
}

func main() {
	s := &server{}
	var wg sync.WaitGroup
	until := time.Now().Add(6 * time.Second)
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go s.client(i*100000, until, &wg)
	}
	wg.Wait()
	fmt.Println(s.served.Load(), "served")
}
