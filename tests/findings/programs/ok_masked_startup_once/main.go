// At the start the whole configuration has five seconds; the two sources would each take up to ten. Then it serves.
package main

import (
	"context"
	"fmt"
	"time"
)

type source struct {
	name string
	took time.Duration
}

func (s source) fetch(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-time.After(s.took):
		return s.name + "=on", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func configure(ctx context.Context, sources ...source) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var out []string
	for _, s := range sources {
		v, err := s.fetch(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func serve(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	select {
	case <-time.After(time.Duration(n%5) * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conf, err := configure(ctx, source{"file", 5 * time.Millisecond}, source{"vault", 40 * time.Millisecond})
	fmt.Println(conf, err)
	end := time.Now().Add(6 * time.Second)
	for n := 0; time.Now().Before(end); n++ {
		if err := serve(ctx, n); err != nil {
			fmt.Println(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
