// Open streams: keeps so many of them open for some seconds, and prints when their first bytes and their
// chunks came, as one line of JSON. In Go, so that reading them takes little of the machine.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

type taken struct {
	firstMs, gapMs  []float64
	streams, errors int
}

func main() {
	url := flag.String("url", "", "where to")
	body := flag.String("body", "", "of each request")
	bearer := flag.String("bearer", "", "key")
	open := flag.Int("streams", 500, "open at once")
	seconds := flag.Int("seconds", 10, "after which no stream is begun")
	stagger := flag.Duration("stagger", 2*time.Second, "over which the first ones begin")
	flag.Parse()
	transport := &http.Transport{MaxIdleConnsPerHost: *open, DisableCompression: true}
	client := &http.Client{Transport: transport}
	all := make([]taken, *open)
	var wait sync.WaitGroup
	until := time.Now().Add(*stagger + time.Duration(*seconds)*time.Second)
	for at := range all {
		wait.Add(1)
		go func(own *taken, after time.Duration) {
			defer wait.Done()
			time.Sleep(after)
			for time.Now().Before(until) {
				read(client, *url, *body, *bearer, own)
			}
		}(&all[at], *stagger*time.Duration(at)/time.Duration(*open))
	}
	wait.Wait()
	sum := taken{}
	for _, own := range all {
		sum.firstMs = append(sum.firstMs, own.firstMs...)
		sum.gapMs = append(sum.gapMs, own.gapMs...)
		sum.streams += own.streams
		sum.errors += own.errors
	}
	if len(sum.gapMs) == 0 {
		fmt.Fprintln(os.Stderr, "no stream was read")
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"streams": sum.streams, "errors": sum.errors, "chunks": len(sum.gapMs) + sum.streams,
		"first_p50_ms": rank(sum.firstMs, 50), "first_p99_ms": rank(sum.firstMs, 99),
		"gap_p50_ms": rank(sum.gapMs, 50), "gap_p99_ms": rank(sum.gapMs, 99),
		"gap_max_ms": rank(sum.gapMs, 100),
	})
}

// One stream, to its [DONE]. A stream without one is an error.
func read(client *http.Client, url, body, bearer string, own *taken) {
	body = strings.Replace(body, "{unique}", fmt.Sprint(time.Now().UnixNano()), 1)
	request, err := http.NewRequest("POST", url, bytes.NewReader([]byte(body)))
	if err != nil {
		own.errors++
		return
	}
	request.Header.Set("content-type", "application/json")
	if bearer != "" {
		request.Header.Set("authorization", "Bearer "+bearer)
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		own.errors++
		time.Sleep(100 * time.Millisecond)
		return
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	last := time.Time{}
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "data: ") {
			continue
		}
		if line == "data: [DONE]" {
			own.streams++
			return
		}
		now := time.Now()
		// What states the usage comes right behind the last token, and is no gap.
		if !strings.Contains(line, `"usage":{`) {
			if last.IsZero() {
				own.firstMs = append(own.firstMs, ms(now.Sub(began)))
			} else {
				own.gapMs = append(own.gapMs, ms(now.Sub(last)))
			}
		}
		last = now
	}
	own.errors++
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Nearest rank.
func rank(values []float64, percent int) float64 {
	sort.Float64s(values)
	at := (len(values)*percent+99)/100 - 1
	return values[max(0, min(at, len(values)-1))]
}
