package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// policy allows this server's own files and forms. Pico's style sheet has its icons as data URLs; a photo to be scanned is shown from a blob.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// harden sets what each answer has.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with none, forms would come from the origin "null"
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// hostsOf are what Host may say of a server that listens at an address.
func hostsOf(addr net.Addr, listen string) []string {
	_, port, _ := net.SplitHostPort(addr.String())
	names := []string{"127.0.0.1", "localhost", "::1"}
	if host, _, err := net.SplitHostPort(addr.String()); err == nil && !net.ParseIP(host).IsUnspecified() {
		names = append(names, host)
	}
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		names = append(names, host)
	}
	var hosts []string
	for _, n := range names {
		hosts = append(hosts, strings.ToLower(net.JoinHostPort(n, port)))
	}
	return hosts
}

// meant says whether a request was meant for this server.
func (s *Server) meant(r *http.Request) bool {
	return slices.Contains(s.hosts, strings.ToLower(r.Host))
}

// own says whether a browser sent a request from a page of this server. Browsers that say nothing are believed: the form's token decides.
func (s *Server) own(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && strings.EqualFold(u.Host, r.Host)
}

// tokenOK says whether a form carries the token of its session.
func tokenOK(one session, f *Form) bool {
	return subtle.ConstantTimeCompare([]byte(f.Get("csrf")), []byte(one.csrf())) == 1
}
