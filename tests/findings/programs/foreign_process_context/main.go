// A process is its own Context with its own Done channel: each stream's WithCancel under it costs one more goroutine.
package main

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

type process struct{ closing chan struct{} }

func (p *process) Deadline() (time.Time, bool) { return time.Time{}, false }
func (p *process) Done() <-chan struct{}       { return p.closing }
func (p *process) Value(any) any               { return nil }
func (p *process) Err() error {
	select {
	case <-p.closing:
		return context.Canceled
	default:
		return nil
	}
}

type stream struct {
	ctx   context.Context
	reset context.CancelFunc
}

type relay struct {
	proc    *process
	streams []*stream
}

func (r *relay) open() *stream {
	ctx, cancel := context.WithCancel(r.proc)
	s := &stream{ctx: ctx, reset: cancel}
	r.streams = append(r.streams, s)
	return s
}

func (r *relay) closeOldest() {
	r.streams[0].reset()
	r.streams = r.streams[1:]
}

func main() {
	r := &relay{proc: &process{make(chan struct{})}}
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		r.open()
		if len(r.streams) > 400 {
			r.closeOldest()
		}
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Println(len(r.streams), "streams", runtime.NumGoroutine(), "goroutines")
	for len(r.streams) > 0 {
		r.closeOldest()
	}
	close(r.proc.closing)
}
