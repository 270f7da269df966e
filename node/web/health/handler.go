package health

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"pieks/node/control"
)

// answer is made once for all who ask within a second.
type answer struct {
	status int
	kind   string
	body   []byte
}

// Handler serves /healthz, /readyz and /metrics of a node of a role (practice, patient, relay), from what its control methods answer.
// It needs no session: where it listens is for the caller to decide. It is safe for concurrent use.
func Handler(role string, handlers control.Handlers, started time.Time) http.Handler {
	return newHandler(role, handlers, started, time.Now)
}

func newHandler(role string, handlers control.Handlers, started time.Time, now func() time.Time) http.Handler {
	n := newNode(role, handlers, now)
	ready := newCached(kept, now, func(ctx context.Context) answer {
		s := n.look(ctx)
		s.doctor, _ = n.doctor.get(ctx)
		return readiness(s)
	})
	metrics := newCached(kept, now, func(ctx context.Context) answer {
		return exposition(sample{role: role, started: started, snapshot: n.look(ctx)})
	})
	alive := answer{http.StatusOK, healthJSON, []byte(`{"status":"pass"}` + "\n")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { alive.write(w) })
	mux.HandleFunc("GET /readyz", serve(ready))
	mux.HandleFunc("GET /metrics", serve(metrics))
	return mux
}

const healthJSON = "application/health+json"

func readiness(s snapshot) answer {
	r := judge(s)
	body, err := json.Marshal(r)
	status := http.StatusOK
	if err != nil || r.Status == fail {
		status = http.StatusServiceUnavailable
	}
	return answer{status, healthJSON, append(body, '\n')}
}

func exposition(s sample) answer {
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	failed := answer{http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("the metrics could not be collected\n")}
	registry := prometheus.NewRegistry()
	if err := registry.Register(s); err != nil {
		return failed
	}
	families, err := registry.Gather()
	if err != nil {
		return failed
	}
	var body bytes.Buffer
	encoder := expfmt.NewEncoder(&body, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return failed
		}
	}
	return answer{http.StatusOK, string(format), body.Bytes()}
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // whoever went away does not want it
}

// serve answers with what is kept, or makes it.
func serve(c *cached[answer]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a, err := c.get(r.Context()); err == nil { // else the asker has gone
			a.write(w)
		}
	}
}
