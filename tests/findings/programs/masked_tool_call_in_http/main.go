// An HTTP handler gives a whole agent turn one second; each tool call in it asks for half a minute.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type toolbox struct{ limit time.Duration }

func (t *toolbox) callTool(ctx context.Context, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	select {
	case <-time.After(5 * time.Millisecond):
		return name + ": ok", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type api struct{ tools *toolbox }

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	for _, name := range []string{"search", "read", "write"} {
		out, err := a.tools.callTool(ctx, name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
			return
		}
		fmt.Fprintln(w, out)
	}
}

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv := &http.Server{Handler: &api{&toolbox{30 * time.Second}}}
	go srv.Serve(ln)
	url := "http://" + ln.Addr().String() + "/turn"
	end := time.Now().Add(6 * time.Second)
	for time.Now().Before(end) {
		resp, err := http.Get(url)
		if err != nil {
			fmt.Println(err)
			continue
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		time.Sleep(50 * time.Millisecond)
	}
	srv.Close()
}
