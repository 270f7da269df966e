package federation

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// CheckAddress takes an https address with a host, or one on this computer without TLS; neither with a user or a fragment.
func CheckAddress(raw string) (*url.URL, error) {
	if len(raw) > maxAddress || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, ErrAddress
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" || strings.Contains(raw, "#") {
		return nil, ErrAddress
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return nil, ErrAddress
	}
	return u, nil
}

// CheckIssuer takes an address that names an issuer: without query and without a slash at its end, so that it is written in one way only.
func CheckIssuer(raw string) (*url.URL, error) {
	u, err := CheckAddress(raw)
	if err != nil {
		return nil, err
	}
	if strings.Contains(raw, "?") || strings.HasSuffix(raw, "/") {
		return nil, fmt.Errorf("%w (an issuer has no query, and no slash at its end)", ErrAddress)
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// SameHost says whether an address of a service is on the host, with port, of its issuer.
func SameHost(issuer, address string) error {
	a, err := CheckAddress(issuer)
	if err != nil {
		return err
	}
	b, err := CheckAddress(address)
	if err != nil {
		return err
	}
	if a.Scheme != b.Scheme || !strings.EqualFold(a.Host, b.Host) {
		return ErrOtherHost
	}
	return nil
}
