// SPDX-License-Identifier: BSD-2-Clause

// The file could not be opened; what follows panics because of that, and so does the deferred close, whose
// panic is all that anybody sees. After dkron-io/dkron#691.
package main

import (
	"errors"
	"fmt"
	"time"
)

type handle struct{ refs int }

func (h *handle) release() { h.refs-- }

type store struct{ down bool }

var errDown = errors.New("store is down")

func (s *store) open() (*handle, error) {
	if s.down {
		return nil, errDown
	}
	return &handle{1}, nil
}

func load(s *store) string {
	h, err := s.open()
	defer h.release()
	if err != nil {
		panic(fmt.Errorf("load: %w", err))
	}
	return "loaded"
}

func handle1(s *store) (out string) {
	defer func() {
		if v := recover(); v != nil {
			out = fmt.Sprint("failed: ", v)
		}
	}()
	return load(s)
}

func main() {
	for i := 0; i < 8; i++ {
		fmt.Println(handle1(&store{down: i%2 == 1}))
		time.Sleep(150 * time.Millisecond)
	}
}
