package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// get prints the status and the body behind a URL.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: get URL")
	}
	show(ts, http.Client{Timeout: 10 * time.Second}, args[0])
}

// browsers are those of all scripts, by script and name: each has its cookies.
var browsers sync.Map

// visit is get with a browser that keeps its cookies: `visit NAME URL`.
func visit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: visit BROWSER URL")
	}
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	kept, _ := browsers.LoadOrStore(ts.Getenv("WORK")+" "+args[0], jar)
	show(ts, http.Client{Timeout: 10 * time.Second, Jar: kept.(http.CookieJar)}, args[1])
}

func show(ts *testscript.TestScript, client http.Client, url string) {
	response, err := client.Get(url)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s", response.Status, body)
}

// answers waits until something answers at a URL: `answers 60s URL`.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answers DURATION URL")
	}
	patience, err := time.ParseDuration(args[0])
	ts.Check(err)
	client := http.Client{Timeout: 10 * time.Second}
	for end := time.Now().Add(patience); ; {
		response, err := client.Get(args[1])
		if err == nil {
			_ = response.Body.Close()
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("nothing answered within %s: %v", patience, err)
		}
		time.Sleep(200 * time.Millisecond) // another process: there is nothing to wait on but its answer
	}
}
