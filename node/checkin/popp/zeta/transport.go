package zeta

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TLS is how a PoPP service is spoken to (A_27220): crypto/tls checks host name, times and the chain to roots, nil being those of this computer; the
// rest is in staple.go.
func TLS(roots *x509.CertPool, now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion:       tls.VersionTLS12,
		RootCAs:          roots,
		Time:             now,
		VerifyConnection: func(state tls.ConnectionState) error { return checkStaple(state, now()) },
	}
}

// HTTPClient speaks to a service over TLS, with deadlines and limits. It follows no redirect: a token goes to nobody else.
func HTTPClient(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:        config.Clone(), // net/http writes into it
			TLSHandshakeTimeout:    handshakeTimeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // what is limited is what travels
			MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
		},
	}
}

// base makes the address of a service from its FQDN (spec 3.3.4) or from a URL without path. Without TLS it is on this computer.
func base(fqdn string) (*url.URL, error) {
	if !strings.Contains(fqdn, "://") {
		fqdn = "https://" + fqdn
	}
	u, err := url.Parse(fqdn)
	if err != nil || len(fqdn) > maxURL {
		return nil, ErrAddress
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if u.Host == "" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
		return nil, ErrAddress
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("%w: without TLS only on this computer", ErrAddress)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkBack takes the address that a browser comes back to: RFC 8252 section 7.3, or an app link.
func checkBack(back string) error {
	u, err := url.Parse(back)
	if err != nil || len(back) > maxURL || u.User != nil || u.Fragment != "" || u.Host == "" {
		return ErrBack
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return ErrBack
	}
	return nil
}

// endpoint is an address of the guard at issuer: its own origin and no other, so that nothing is sent further than metadata of that origin can say.
func endpoint(issuer *url.URL, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > maxURL || u.Scheme != issuer.Scheme || u.Host != issuer.Host || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%w: an endpoint on another host than its issuer", ErrGuard)
	}
	return u, nil
}
