// SPDX-License-Identifier: BSD-2-Clause

// A client with a timeout for each request and connections that are kept alive: they were dialled
// for requests that are over, and idle on. So does the server's side. After golang/go#66442.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		fmt.Fprint(w, "hello")
	}))

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 3; j++ {
				if _, err := get(ctx, client, "http://"+l.Addr().String()); err != nil {
					fmt.Println("get:", err)
				}
			}
		}()
	}
	wg.Wait()
	cancel()
	time.Sleep(5 * time.Second)
	body, err := get(context.Background(), client, "http://"+l.Addr().String())
	fmt.Println(body, err)
}
