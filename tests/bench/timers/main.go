// A program to be measured: for each line "KIND N" on stdin it makes and stops N timers of a kind,
// one after the other, and prints the CPU time that it took, in ns.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

func cpu() int64 {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		panic(err)
	}
	return ru.Utime.Nano() + ru.Stime.Nano()
}

func nothing() {}

func main() {
	kinds := map[string]func(){
		"func":    func() { time.AfterFunc(time.Hour, nothing).Stop() },
		"chan":    func() { time.NewTimer(time.Hour).Stop() },
		"context": func() { _, cancel := context.WithTimeout(context.Background(), time.Hour); cancel() },
	}
	runtime.GOMAXPROCS(1)
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for in.Scan() {
		var kind string
		var n int
		if _, err := fmt.Sscan(in.Text(), &kind, &n); err != nil {
			break
		}
		one := kinds[kind]
		before := cpu()
		for i := 0; i < n; i++ {
			one()
		}
		fmt.Println(cpu() - before)
	}
}
