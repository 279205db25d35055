// A program to be measured: for each line "N DEPTH WHAT" on stdin it does something N times, one
// after the other, from DEPTH frames down, and prints the CPU time that it took, in ns. WHAT: go, a
// goroutine; handed, one that is handed a context; cancel, a context that is cancelled; value, one
// with a value; wide, one that is made, and cancelled later, by its parent; panic, panic-error and
// panic-wrapped, a panic that is recovered from.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func cpu() int64 {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		panic(err)
	}
	return ru.Utime.Nano() + ru.Stime.Nano()
}

var left int

//go:noinline
func work() { left-- }

//go:noinline
func start(n int) {
	for n > 0 {
		// In bursts that the run queue holds, so that none goes to the global queue.
		k := 100
		if n < k {
			k = n
		}
		left = k
		for i := 0; i < k; i++ {
			go work()
		}
		for left > 0 {
			runtime.Gosched()
		}
		n -= k
	}
}

var (
	root, stop = context.WithCancel(context.Background())
	keep       context.Context
)

type key struct{}

func handed(ctx context.Context) {
	keep = ctx
	left--
}

//go:noinline
func startHanded(n int) {
	for n > 0 {
		k := 100
		if n < k {
			k = n
		}
		left = k
		for i := 0; i < k; i++ {
			go handed(root)
		}
		for left > 0 {
			runtime.Gosched()
		}
		n -= k
	}
}

//go:noinline
func cancels(n int) {
	for i := 0; i < n; i++ {
		ctx, cancel := context.WithCancel(root)
		cancel()
		keep = ctx
	}
}

//go:noinline
func values(n int) {
	for i := 0; i < n; i++ {
		keep = context.WithValue(root, key{}, "value")
	}
}

//go:noinline
func wide(n int) {
	for n > 0 {
		parent, cancel := context.WithCancel(root)
		for i := 0; i < 1000 && n > 0; i++ {
			keep, _ = context.WithCancel(parent)
			n--
		}
		cancel()
	}
}

//go:noinline
func caught(v interface{}) {
	defer func() { recover() }()
	panic(v)
}

func panics(v interface{}) func(int) {
	return func(n int) {
		for i := 0; i < n; i++ {
			caught(v)
		}
	}
}

var (
	plain   = errors.New("an error")
	wrapped = fmt.Errorf("what was done: %w", fmt.Errorf("how: %w", plain))
)

var what = map[string]func(int){"panic": panics("what went wrong"), "panic-error": panics(plain),
	"panic-wrapped": panics(wrapped),
	"go":            start, "handed": startHanded, "cancel": cancels,
	"value": values, "wide": wide}

//go:noinline
func down(f func(int), n, depth int) int {
	if depth <= 1 {
		f(n)
		return 0
	}
	return down(f, n, depth-1) + 1
}

func main() {
	runtime.GOMAXPROCS(1)
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for in.Scan() {
		var n, depth int
		var name string
		if _, err := fmt.Sscan(in.Text(), &n, &depth, &name); err != nil || what[name] == nil {
			break
		}
		before := cpu()
		down(what[name], n, depth)
		fmt.Println(cpu() - before)
	}
	stop()
}
