// Reconcilers have one minute per object; the provider's client sets two minutes for each of its calls.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

type external struct{ timeout time.Duration }

func (e *external) observe(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout) // 2 min under 1 min
	defer cancel()
	select {
	case <-time.After(10 * time.Millisecond):
		return len(name)%2 == 0, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

type reconciler struct {
	client  *external
	timeout time.Duration
}

func (r *reconciler) reconcile(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	ready, err := r.client.observe(ctx, name)
	if err != nil || ready {
		return err
	}
	return nil
}

func (r *reconciler) worker(queue <-chan string, wg *sync.WaitGroup) {
	defer wg.Done()
	for name := range queue {
		if err := r.reconcile(name); err != nil {
			fmt.Println(name, err)
		}
	}
}

func main() {
	r := &reconciler{client: &external{timeout: 2 * time.Minute}, timeout: time.Minute}
	queue := make(chan string)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go r.worker(queue, &wg)
	}
	end := time.Now().Add(6 * time.Second)
	for i := 0; time.Now().Before(end); i++ {
		queue <- fmt.Sprint("object-", i)
		time.Sleep(20 * time.Millisecond)
	}
	close(queue)
	wg.Wait()
}
