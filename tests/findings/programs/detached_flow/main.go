// SPDX-License-Identifier: BSD-2-Clause

// A controller works under the context of its leadership but runs the tasks of a flow under the
// background one: they go on when it is no longer the leader. After gardener/gardener#4644.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type task struct {
	name string
	run  func(context.Context) error
}

type flow struct {
	tasks []task
	wg    sync.WaitGroup
}

func (f *flow) start(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	for _, t := range f.tasks {
		f.wg.Add(1)
		go func(t task) {
			defer f.wg.Done()
			fmt.Println(t.name, t.run(ctx))
		}(t)
	}
	go func() {
		f.wg.Wait()
		close(done)
	}()
	return done
}

func deployEtcd(ctx context.Context) error {
	select {
	case <-time.After(300 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func waitForNodes(ctx context.Context) error {
	<-ctx.Done() // the infrastructure never comes up
	return ctx.Err()
}

type shootControl struct{ f flow }

func (s *shootControl) reconcile(leading context.Context) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	done := s.f.start(ctx)
	select {
	case <-done:
		cancel()
	case <-leading.Done():
		// a flow must not be left half done: let it run
		go func() {
			<-done
			cancel()
		}()
	}
}

func main() {
	s := &shootControl{}
	s.f.tasks = []task{{"etcd", deployEtcd}, {"nodes", waitForNodes}}
	leading, lose := context.WithCancel(context.Background())
	go s.reconcile(leading)
	time.Sleep(time.Second)
	lose()
	fmt.Println("no longer the leader")
	time.Sleep(4800 * time.Millisecond)
}
