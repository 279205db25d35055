// SPDX-License-Identifier: BSD-2-Clause

// Reconciliation runs under the manager's context, but one of its steps under context.TODO with a
// timeout: the manager stops and that step does not. After elastic/cloud-on-k8s#317.
package main

import (
	"context"
	"fmt"
	"time"
)

type apiServer struct{ down chan struct{} }

func (a *apiServer) put(ctx context.Context, path string) error {
	select {
	case <-a.down:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *apiServer) get(ctx context.Context, path string) error {
	return ctx.Err()
}

type reconciler struct{ api *apiServer }

func (r *reconciler) updateStatus(name string) error {
	ctx, cancel := context.WithTimeout(context.TODO(), 20*time.Second)
	defer cancel()
	return r.api.put(ctx, "/apis/elasticsearch/"+name+"/status")
}

func (r *reconciler) reconcile(ctx context.Context, name string) error {
	if err := r.api.get(ctx, "/apis/elasticsearch/"+name); err != nil {
		return err
	}
	return r.updateStatus(name)
}

func (r *reconciler) worker(ctx context.Context, queue <-chan string, done chan<- struct{}) {
	defer close(done)
	for {
		select {
		case name := <-queue:
			if err := r.reconcile(ctx, name); err != nil {
				fmt.Println("reconcile", name, err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	r := &reconciler{&apiServer{make(chan struct{})}}
	queue := make(chan string, 1)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go r.worker(ctx, queue, done)
	queue <- "logging"
	time.Sleep(time.Second)
	cancel()
	select {
	case <-done:
	case <-time.After(4800 * time.Millisecond):
		fmt.Println("the manager waits for a worker")
	}
}
