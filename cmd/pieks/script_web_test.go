package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strings"
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

// post sends a form as the browser NAME does, with the token of the page that it saw last, and prints the page that it comes to:
// `post NAME URL FIELD=VALUE ...`. The value @FILE is the first line of a file, and @@FILE uploads one.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: post BROWSER URL FIELD=VALUE ...")
	}
	jar, ok := browsers.Load(ts.Getenv("WORK") + " " + args[0])
	if !ok {
		ts.Fatalf("%s has visited nothing", args[0])
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "csrf=") }) {
		ts.Check(form.WriteField("csrf", field(ts, "csrf")))
	}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		if file, ok := strings.CutPrefix(value, "@@"); ok {
			part, err := form.CreateFormFile(name, file)
			ts.Check(err)
			_, err = io.WriteString(part, ts.ReadFile(file))
			ts.Check(err)
			continue
		}
		if file, ok := strings.CutPrefix(value, "@"); ok {
			value, _, _ = strings.Cut(ts.ReadFile(file), "\n")
		}
		ts.Check(form.WriteField(name, value))
	}
	ts.Check(form.Close())
	client := http.Client{Timeout: 30 * time.Second, Jar: jar.(http.CookieJar)}
	response, err := client.Post(args[1], form.FormDataContentType(), &body)
	ts.Check(err)
	shown(ts, response)
}

// field is the value of a hidden field of the page that was seen last.
func field(ts *testscript.TestScript, name string) string {
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("the page has no field %s", name)
	}
	return html.UnescapeString(found[1])
}

// fetchField puts the value of a hidden field into a variable: `fetchfield NAME FIELD`.
func fetchField(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetchfield NAME FIELD")
	}
	ts.Setenv(args[0], field(ts, args[1]))
}

func show(ts *testscript.TestScript, client http.Client, url string) {
	response, err := client.Get(url)
	ts.Check(err)
	shown(ts, response)
}

func shown(ts *testscript.TestScript, response *http.Response) {
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
