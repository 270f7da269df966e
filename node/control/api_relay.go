package control

import "time"

// MethodTraffic tells a relay's operator what it carries.
const MethodTraffic = "traffic" // nil -> Traffic; relay

// Traffic is what a relay carries, as sums: nothing in it is about one client.
type Traffic struct {
	Rates      []Rate    `json:"rates"` // over 10 s, 1, 5, 15 and 60 minutes
	Month      string    `json:"month"` // 2026-11, UTC
	MonthBytes uint64    `json:"month_bytes"`
	QuotaBytes uint64    `json:"quota_bytes,omitempty"` // 0: none
	Full       bool      `json:"full,omitempty"`        // the quota is used up: no new patients until the month ends
	Resets     time.Time `json:"resets"`
	TotalBytes uint64    `json:"total_bytes"` // since the start
	Regions    []string  `json:"regions"`     // zones served; none: all
}

// Rate is a mean over a window.
type Rate struct {
	Seconds       int     `json:"seconds"`
	BytesPerSec   float64 `json:"bytes_per_sec"`   // in and out together
	CircuitsMean  float64 `json:"circuits_mean"`   // circuits that were open
	EnvelopesPerS float64 `json:"envelopes_per_s"` // mailbox envelopes taken
}
