// A program to be measured: for each line "N DEPTH" on stdin it starts N goroutines, one after the
// other, from DEPTH frames down, and prints the CPU time that it took, in ns.
package main

import (
	"bufio"
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

//go:noinline
func down(n, depth int) int {
	if depth <= 1 {
		start(n)
		return 0
	}
	return down(n, depth-1) + 1
}

func main() {
	runtime.GOMAXPROCS(1)
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for in.Scan() {
		var n, depth int
		if _, err := fmt.Sscan(in.Text(), &n, &depth); err != nil {
			break
		}
		before := cpu()
		down(n, depth)
		fmt.Println(cpu() - before)
	}
}
