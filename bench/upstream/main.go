// The fast upstream of the proxy benchmark: answers every POST with the same chat completion of
// about 500 bytes, so that the measurement covers only what is in front of it.
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const body = `{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,` +
	`"model":"bench-small","choices":[{"index":0,"message":{"role":"assistant","content":"%s"},` +
	`"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":64,"completion_tokens":32,` +
	`"total_tokens":96,"prompt_tokens_details":{"cached_tokens":16},` +
	`"completion_tokens_details":{"reasoning_tokens":0}}}`

func main() {
	port := flag.Int("port", 0, "port on loopback (0: any)")
	delay := flag.Duration("delay", 0, "how long an answer takes, as a provider's would")
	flag.Parse()
	answer := []byte(fmt.Sprintf(body, strings.Repeat("word ", 26)))
	length := fmt.Sprint(len(answer))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(*delay)
		header := w.Header()
		header["Content-Type"] = []string{"application/json"}
		header["Content-Length"] = []string{length}
		w.Write(answer)
	})
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("{\"url\":\"http://%s\"}\n", listener.Addr())
	http.Serve(listener, handler)
}
