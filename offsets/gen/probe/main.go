// SPDX-License-Identifier: BSD-2-Clause

// A program that keeps the types of layout.def in its DWARF: the linker leaves out what is not
// reachable. Every Go version of versions.txt builds it, hence nothing newer than Go 1.13 in this
// file; what newer versions have beyond that stands in the others, behind build tags.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type key struct{}

func main() {
	var all sync.WaitGroup

	for _, f := range []func(){contexts, failures, channels, timers, labels, maps, locks, files,
		network, web} {
		all.Add(1)
		go func(f func()) {
			defer all.Done()
			f()
		}(f)
	}
	for _, f := range newer {
		f()
	}
	all.Wait()
}

// What the files of newer versions add.
var newer []func()

func contexts() {
	ctx := context.WithValue(context.Background(), key{}, "value")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	inner, cancel := context.WithDeadline(ctx, time.Now().Add(time.Hour))
	defer cancel()
	<-inner.Done()
	fmt.Println(ctx.Value(key{}), inner.Err())
}

func failures() {
	defer func() { fmt.Println(recover()) }()
	defer func() {
		var list []int
		fmt.Println(recover(), list[len(os.Args)+3])
	}()
	err := fmt.Errorf("wrapped: %w", errors.New("inner"))
	var x interface{} = err
	if _, ok := x.(fmt.Stringer); !ok {
		fmt.Println(x.(fmt.Stringer))
	}
	panic(err)
}

func channels() {
	c, d := make(chan interface{}, 1), make(chan int)
	go func() {
		c <- reflect.TypeOf(d).Elem()
		close(d)
	}()
	select {
	case v := <-c:
		fmt.Println(v)
	case <-d:
	}
	runtime.Gosched()
}

func timers() {
	t := time.AfterFunc(time.Hour, func() {})
	defer t.Stop()
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	fmt.Println(<-every.C)
	one := time.NewTimer(time.Millisecond)
	one.Reset(2 * time.Millisecond)
	fmt.Println(<-one.C)
	time.Sleep(time.Millisecond)
}

func labels() {
	pprof.Do(context.Background(), pprof.Labels("name", "value", "other", "text"),
		func(ctx context.Context) {
			fmt.Println(pprof.Label(ctx, "name"))
			pprof.SetGoroutineLabels(ctx)
		})
	pprof.Lookup("goroutine").WriteTo(os.Stderr, 0)
}

func maps() {
	m := map[string]string{"key": "value"}
	for _, arg := range os.Args {
		m[arg] = strings.ToUpper(arg)
		delete(m, arg+arg)
	}
	n := map[interface{}]func(int, ...string) [4]uint16{}
	for k := range m {
		n[k] = nil
	}
	fmt.Println(m, len(n), reflect.ValueOf(m).MapKeys(), reflect.TypeOf(n).Elem().In(0))
}

func locks() {
	var mu sync.Mutex
	var rw sync.RWMutex
	var once sync.Once
	var value atomic.Value

	once.Do(func() { value.Store(&mu) })
	rw.RLock()
	value.Load().(*sync.Mutex).Lock()
	mu.Unlock()
	rw.RUnlock()
	rw.Lock()
	sync.NewCond(&rw).Broadcast()
	rw.Unlock()
}

func files() {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Println(io.Copy(os.Stdout, f))
}

func network() {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Println(err.(*net.OpError).Op)
		return
	}
	go func() {
		d := net.Dialer{Timeout: time.Second}
		c, err := d.DialContext(context.Background(), "tcp", l.Addr().String())
		if err == nil {
			c.(*net.TCPConn).SetNoDelay(true)
			c.Close()
		}
	}()
	c, err := l.Accept()
	if err == nil {
		c.SetDeadline(time.Now().Add(time.Second))
		fmt.Println(c.RemoteAddr().(*net.TCPAddr).Port)
		c.Close()
	}
	l.Close()
}

func web() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	server := &http.Server{
		ReadTimeout: time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.URL.Path+fmt.Sprint(r.Context()))
		}),
	}
	go server.Serve(l)
	defer server.Close()
	client := http.Client{Transport: &http.Transport{MaxIdleConns: 1}}
	u := url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}
	response, err := client.Get(u.String())
	if err == nil {
		response.Body.Close()
	}
}
