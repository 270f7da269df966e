// Package health says how a node is to whoever watches over servers, without a session: nothing in it is about a person, a region or a peer.
//
//	/healthz   200 as long as the process answers
//	/readyz    the health check response format for HTTP APIs (draft-inadarei-api-health-check-06):
//	           {"status": "pass", "version": "...", "checks": {"network-file:expiry": [{"status": "pass", ...}], ...}}
//	           200 with pass and warn, 503 with fail
//	/metrics   the Prometheus text format
//
// A node fails when nothing new can be booked or kept with it: its store cannot be written or is damaged, or its network file has expired.
// It warns when it has reached no relay for five minutes, when a relay's volume of the month is used up, and of what else pieks doctor finds.
//
// Whoever asks often costs little: one answer is made at a time, and is good for a second (limits.go). All comes from the node's own control
// methods, so it says nothing that pieks status does not.
package health
