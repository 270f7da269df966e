package appcall

import (
	"fmt"
	"net/url"
	"strings"

	"pieks/node/checkin/popp"
)

// answers are the parameters of an answer (StatusPoPPTokenGeneration).
var answers = []string{"state", "message", "id"}

// CheckCallBack refuses what is neither https nor an app link.
func CheckCallBack(raw string) error {
	if len(raw) > maxCallBack || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\\"<>^`{|}", r) }) {
		return fmt.Errorf("%w (too long, or characters that no address has)", ErrCallBack)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil || strings.ContainsRune(raw, '#') {
		return fmt.Errorf("%w (not a whole address, or a name or fragment in it)", ErrCallBack)
	}
	switch {
	case u.Scheme == "https":
		if u.Hostname() == "" {
			return fmt.Errorf("%w (no host in it)", ErrCallBack)
		}
	case !reverseDomain(u.Scheme) || u.Host == "" && !strings.HasPrefix(u.Path, "/"):
		return ErrCallBack
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fmt.Errorf("%w (its query is damaged)", ErrCallBack)
	}
	for name := range q {
		for _, answer := range answers {
			if lower(name) == answer {
				return fmt.Errorf("%w (its query has %s already, which the answer brings)", ErrCallBack, answer)
			}
		}
	}
	return nil
}

// reverseDomain: at least two labels with a dot between, as only the owner of a domain should use (RFC 8252 section 7.1). url.Parse has made it small.
func reverseDomain(scheme string) bool {
	labels := strings.Split(scheme, ".")
	for _, label := range labels {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return len(labels) >= 2
}

// Answer is the address to open at the end: state, message and id behind what callBack had, each with %20 for a blank, since not everything that
// reads an app link takes + for one.
func Answer(callBack string, s popp.Status) (string, error) {
	if err := CheckCallBack(callBack); err != nil {
		return "", err
	}
	if err := s.Check(); err != nil {
		return "", fmt.Errorf("answer the other app: %w", err)
	}
	message := []rune(s.Message)
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	if hasKVNR(message) {
		message = nil
	}
	var b strings.Builder
	b.WriteString(callBack)
	for i, value := range []string{string(s.State), string(message), s.ID} {
		if value == "" {
			continue
		}
		switch text := b.String(); {
		case !strings.Contains(text, "?"):
			b.WriteByte('?')
		case !strings.HasSuffix(text, "?") && !strings.HasSuffix(text, "&"):
			b.WriteByte('&')
		}
		b.WriteString(answers[i] + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
	}
	return b.String(), nil
}

// hasKVNR looks for ten characters in a row that could be an insurance number, in either case.
func hasKVNR(message []rune) bool {
	for i := 0; i+10 <= len(message); i++ {
		if popp.KVNR(strings.ToUpper(string(message[i:i+10]))).CheckForm() == nil {
			return true
		}
	}
	return false
}
