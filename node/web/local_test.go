package web

import (
	"net/http"
	"testing"
)

func TestLocal(t *testing.T) {
	for from, want := range map[string]bool{"127.0.0.1:4000": true, "[::1]:4000": true, "[::ffff:127.0.0.1]:4000": true, "192.168.1.5:4000": false, "[fe80::1%eth0]:4000": false, "": false} {
		if got := (&Call{R: &http.Request{RemoteAddr: from}}).Local(); got != want {
			t.Errorf("%q: %v", from, got)
		}
	}
}
