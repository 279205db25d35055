// SPDX-License-Identifier: BSD-2-Clause
package main

import (
	"context"
	"fmt"
	"io"
	"io/ioutil"
	"math/rand"
	"net/http"
	"time"
)

// customer orders, thinks, and orders again; now and then it walks away for longer than its
// basket is kept.
func customer(ctx context.Context, number int, url string) {
	client := &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Second},
		Timeout: 2 * time.Second}
	random := rand.New(rand.NewSource(int64(number)))
	for ctx.Err() == nil {
		buy(client, fmt.Sprintf("%s/order?customer=%d", url, number))
		think := 100*time.Millisecond + time.Duration(random.Intn(400))*time.Millisecond
		if random.Intn(20) == 0 {
			think = 3 * time.Second
		}
		select {
		case <-time.After(think):
		case <-ctx.Done():
		}
	}
}

func buy(client *http.Client, url string) {
	resp, err := client.Get(url)
	if err != nil {
		return
	}
	io.Copy(ioutil.Discard, resp.Body)
	resp.Body.Close()
}
