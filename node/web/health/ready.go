package health

import (
	"strings"
	"time"

	"pieks/node/control"
)

// The three states of the format.
const (
	pass = "pass"
	warn = "warn"
	fail = "fail"
)

// report is the answer of /readyz.
type report struct {
	Status  string             `json:"status"`
	Version string             `json:"version,omitempty"`
	Checks  map[string][]check `json:"checks"`
}

// check is one thing that was looked at. It has a state and a number or a time, no sentence: sentences can name addresses.
type check struct {
	Status string    `json:"status"`
	Type   string    `json:"componentType"`
	Value  any       `json:"observedValue,omitempty"`
	Unit   string    `json:"observedUnit,omitempty"`
	Time   time.Time `json:"time"`
}

// judge makes a report of what was found. It reads no clock and asks nobody.
func judge(s snapshot) report {
	r := report{Status: pass, Version: s.status.Version, Checks: map[string][]check{}}
	add := func(name string, c check) {
		c.Type, c.Time = "system", s.at.UTC()
		r.Checks[name] = append(r.Checks[name], c)
		if c.Status == fail || c.Status == warn && r.Status == pass {
			r.Status = c.Status
		}
	}
	if s.statusErr != nil {
		add("node:answers", check{Status: fail})
		return r
	}
	add("node:uptime", check{Status: pass, Value: int64(s.at.Sub(s.status.Started).Seconds()), Unit: "s"})
	add("network-file:expiry", networkFile(s))
	add("node:writable", check{Status: when(s.status.ReadOnly != "" && !expired(s), fail)})
	add("relays:connections", relays(s))
	if s.traffic != nil {
		add("volume:utilization", volume(*s.traffic))
	}
	if s.doctor.err != nil {
		add("doctor:answers", check{Status: warn})
	}
	for _, f := range s.doctor.list {
		switch {
		case f.Check == "store": // a damaged one
			add("store:consistency", check{Status: when(!f.OK, fail)})
		case !f.OK && !told[f.Check]:
			add("doctor:"+strings.ReplaceAll(f.Check, " ", "-"), check{Status: warn})
		}
	}
	return r
}

// told are findings of the doctor that have a check of their own above, with its own measure.
var told = map[string]bool{"network file": true, "other relays": true, "monthly volume": true}

func when(is bool, status string) string {
	if is {
		return status
	}
	return pass
}

func expired(s snapshot) bool { return !s.at.Before(s.status.Network.Expires) }

func networkFile(s snapshot) check {
	return check{Status: when(expired(s), fail), Value: s.status.Network.Expires.UTC().Format(time.RFC3339)}
}

func relays(s snapshot) check {
	since := s.status.Offline
	return check{Status: when(!since.IsZero() && s.at.Sub(since) >= apartWarns, warn), Value: connected(s.status), Unit: "relays"}
}

func connected(s control.Status) (n int) {
	for _, r := range s.Relays {
		if r.Connected {
			n++
		}
	}
	return n
}

func volume(t control.Traffic) check {
	c := check{Status: when(t.Full, warn), Value: t.MonthBytes, Unit: "bytes"}
	if t.QuotaBytes > 0 {
		c.Value, c.Unit = float64(t.MonthBytes)*100/float64(t.QuotaBytes), "percent"
	}
	return c
}
