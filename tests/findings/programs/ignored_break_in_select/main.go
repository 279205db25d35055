// SPDX-License-Identifier: BSD-2-Clause

// A reaper does see its context's end, but its break leaves only the select: it goes round for
// ever, now without waiting. After MetaCubeX/mihomo#2964.
package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

type session struct{ lastUsed time.Time }

type sessionPool struct {
	mu       sync.Mutex
	sessions map[int]*session
	idle     time.Duration
	rounds   int
}

func (p *sessionPool) sweep(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds++
	for id, s := range p.sessions {
		if now.Sub(s.lastUsed) > p.idle {
			delete(p.sessions, id)
		}
	}
}

func (p *sessionPool) reap(ctx context.Context) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	now := time.Now()
	for {
		select {
		case <-ctx.Done():
			break
		case now = <-ticker.C:
		}
		p.sweep(now)
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	p := &sessionPool{sessions: map[int]*session{}, idle: time.Second}
	for i := 0; i < 10; i++ {
		p.sessions[i] = &session{time.Now()}
	}
	ctx, cancel := context.WithCancel(context.Background())
	go p.reap(ctx)
	time.Sleep(time.Second)
	cancel()
	time.Sleep(4500 * time.Millisecond)
	p.mu.Lock()
	fmt.Println("swept more than a thousand times:", p.rounds > 1000)
	p.mu.Unlock()
}
