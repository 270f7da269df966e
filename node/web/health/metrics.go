package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sample collects a snapshot. Its metrics are sums over the whole node: no peer, no region, no person is a label.
type sample struct {
	role    string
	started time.Time
	snapshot
}

// Describe says nothing: what a node has to say depends on its role.
func (sample) Describe(chan<- *prometheus.Desc) {}

// Collect writes the metrics, named pieks_ROLE_.
func (s sample) Collect(out chan<- prometheus.Metric) {
	say := func(kind prometheus.ValueType, name, help string, value float64, labels ...string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("pieks_"+s.role+"_"+name, help, names, nil), kind, value, values...)
	}
	gauge := func(name, help string, value float64) { say(prometheus.GaugeValue, name, help, value) }
	gauge("start_time_seconds", "When the node was started, in Unix time.", float64(s.started.Unix()))
	if s.statusErr != nil {
		return
	}
	st := s.status
	say(prometheus.GaugeValue, "info", "The program's version.", 1, "version", st.Version)
	gauge("read_only", "1 when nothing new can be offered, booked or kept.", one(st.ReadOnly != ""))
	gauge("network_expires_seconds", "When the network file expires, in Unix time.", float64(st.Network.Expires.Unix()))
	gauge("relays_connected", "Relays that are connected, without this one.", float64(connected(st)))
	gauge("resident_bytes", "Resident memory, 0 when it is not known.", float64(st.RSSBytes))
	gauge("goroutines", "Goroutines of the process.", float64(st.Goroutines))
	if s.traffic == nil {
		gauge("outbox_messages", "Messages that wait for the network.", float64(st.Outbox))
		if s.open >= 0 {
			gauge("open_appointments", "Appointments that can be booked.", float64(s.open))
		}
		return
	}
	s.relay(say, gauge)
}

// relay says what only relays have.
func (s sample) relay(say func(prometheus.ValueType, string, string, float64, ...string), gauge func(string, string, float64)) {
	st, t := s.status, *s.traffic
	var sheets, slots int
	for _, region := range st.Pool {
		sheets, slots = sheets+region.Sheets, slots+region.Slots
	}
	gauge("relays_known", "Other relays in the network file.", float64(len(st.Relays)))
	gauge("clients", "Patients' nodes that the relay knows.", float64(st.Clients))
	gauge("reachable_hosts", "Practices' hosts that can be reached through the relay.", float64(st.Circuits))
	gauge("pool_sheets", "Slot sheets in the pool.", float64(sheets))
	gauge("pool_slots", "Open appointments on these sheets.", float64(slots))
	gauge("mailbox_envelopes", "Sealed envelopes that wait in mailboxes.", float64(st.Mailbox))
	gauge("disclosures_waiting", "Disclosed data that wait to be published.", float64(st.Disclosures))
	say(prometheus.CounterValue, "traffic_bytes_total", "Bytes in streams, in and out together, since the start.", float64(t.TotalBytes))
	gauge("month_bytes", "Bytes of this month, UTC.", float64(t.MonthBytes))
	gauge("month_quota_bytes", "Bytes of a month after which no new patients are taken; 0: any.", float64(t.QuotaBytes))
	gauge("full", "1 when the quota of the month is used up.", one(t.Full))
	if len(t.Rates) > 0 { // Prometheus makes the longer windows itself
		gauge("circuits", "Open circuits, mean of 10 seconds.", t.Rates[0].CircuitsMean)
		gauge("envelopes_per_second", "Envelopes that came into mailboxes, mean of 10 seconds.", t.Rates[0].EnvelopesPerS)
	}
	for _, l := range st.Limits {
		say(prometheus.CounterValue, "limit_hits_total", "How often a limit was reached, since the start.", float64(l.Count), "limit", l.Name)
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
