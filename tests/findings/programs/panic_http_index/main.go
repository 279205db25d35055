// SPDX-License-Identifier: BSD-2-Clause

// A handler takes the third part of a path that has two; net/http recovers and closes the connection, and
// who watches the health check sees nothing. After trustbloc/edv#202.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

type vaults struct{ docs map[string]string }

func (v *vaults) document(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	return v.docs[parts[2]]
}

func (v *vaults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		fmt.Fprintln(w, "ok")
		return
	}
	fmt.Fprintln(w, v.document(r.URL.Path))
}

func main() {
	s := httptest.NewUnstartedServer(&vaults{docs: map[string]string{"1": "one"}})
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	defer s.Close()
	for i := 0; i < 6; i++ {
		for _, path := range []string{"/healthz", "/vaults/a/1", "/vaults/a"} {
			resp, err := http.Get(s.URL + path)
			if err != nil {
				fmt.Println(path, "failed")
				continue
			}
			resp.Body.Close()
			fmt.Println(path, resp.StatusCode)
		}
		time.Sleep(150 * time.Millisecond)
	}
}
