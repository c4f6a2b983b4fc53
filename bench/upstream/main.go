// The fast upstream of the proxy benchmark: answers every POST with the same chat completion of
// about 500 bytes, so that the measurement covers only what is in front of it. To a request that asks for a
// stream it sends tokens at a steady pace.
package main

import (
	"bytes"
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

const chunk = `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,` +
	`"model":"bench-small","choices":[{"index":0,"delta":{%s},"logprobs":null,"finish_reason":%s}]}` + "\n\n"

const closing = `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,` +
	`"model":"bench-small","choices":[],"usage":{"prompt_tokens":64,"completion_tokens":32,` +
	`"total_tokens":96}}` + "\n\ndata: [DONE]\n\n"

// One token in each chunk; the clock says when each is due, so that a late one delays no other.
func stream(w http.ResponseWriter, tokens int, pace time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	began := time.Now()
	for at := 0; at < tokens; at++ {
		time.Sleep(time.Until(began.Add(time.Duration(at) * pace)))
		fmt.Fprintf(w, chunk, `"content":"word "`, "null")
		flusher.Flush()
	}
	fmt.Fprintf(w, chunk, "", `"stop"`)
	io.WriteString(w, closing)
}

func main() {
	port := flag.Int("port", 0, "port on loopback (0: any)")
	delay := flag.Duration("delay", 0, "how long an answer takes, as a provider's would")
	tokens := flag.Int("tokens", 32, "of a stream")
	pace := flag.Duration("pace", 100*time.Millisecond, "between two tokens of a stream")
	flag.Parse()
	answer := []byte(fmt.Sprintf(body, strings.Repeat("word ", 26)))
	length := fmt.Sprint(len(answer))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		time.Sleep(*delay)
		if bytes.Contains(asked, []byte(`"stream":true`)) {
			stream(w, *tokens, *pace)
			return
		}
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
