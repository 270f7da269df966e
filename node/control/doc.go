// Package control is how a command speaks to the running node of its home: HTTP with JSON over a Unix socket that only
// this user can reach, with a bearer token from a file that only this user can read.
//
// A node writes HOME/control.json, mode 0600, when it listens: {"address", "token", "pid"}. Each
// method is POST /v1/METHOD with the JSON request as body; the answer is the JSON result with status 200, or {"error",
// "kind"} with a sentence for people: kind usage (400), not_found (404), conflict (409), unavailable (503),
// failed (500). No personal data is in the path.
package control
