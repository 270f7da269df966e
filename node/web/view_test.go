package web

import "testing"

func TestTelephoneLinks(t *testing.T) {
	for number, want := range map[string]string{
		`0221 / 55-01 "><script>`: "tel:02215501", "+49 (0)351 12": "tel:+49035112", "1+1": "tel:11", "": "tel:",
	} {
		if got := string(tel(number)); got != want {
			t.Errorf("%q gives %q, want %q", number, got, want)
		}
	}
}
