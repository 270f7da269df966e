package reception

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pieks/card"
	"pieks/card/pcsc"
	"pieks/node/web"
)

const (
	upper = "ACME Reader 00 00"
	lower = "ACME Reader 01 00"
	right = "735294" // no number that is in a page by itself
	wrong = "864201"
)

// cardSite is a practice in a network of real cards whose own has not signed yet, with two empty readers.
func cardSite(t testing.TB) (*site, *browser) {
	t.Helper()
	s := newSite(t)
	s.test, s.enrolled = false, time.Time{}
	s.readers.plug(upper, lower)
	s.trusted.Professions = card.DefaultProfessions()
	return s, s.in(t, "doctor")
}

// practiceCard puts a card that the network takes into a reader.
func (s *site) practiceCard(t testing.TB, reader string, o card.VirtualOptions) {
	t.Helper()
	if o.PIN == "" {
		o.PIN = right
	}
	s.trusted.CAs = append(s.trusted.CAs, s.readers.insert(t, reader, card.SMCB, o).Certificate())
}

var askedField = regexp.MustCompile(`name="asked" value="([^"]+)"`)

// asks opens the page with the PIN and gives what it was asked for.
func (b *browser) asks(reader string) (answer, string) {
	b.T.Helper()
	a := b.post("/card", "reader", reader)
	found := askedField.FindStringSubmatch(a.Body)
	if found == nil {
		b.T.Fatalf("no PIN is asked for at %s (%d)", a.Path, a.Status)
	}
	return a, found[1]
}

// TestEnrolInApp goes from the wizard to a signature, in two languages.
func TestEnrolInApp(t *testing.T) {
	s, b := cardSite(t)
	b.get("/setup/network").Says(t, `href="/card"`)
	b.get("/status").Says(t, `href="/card"`)
	b.get("/card").Says(t, "Keine Karte im Leser", upper, lower)
	s.practiceCard(t, lower, card.VirtualOptions{})
	b.get("/card").Says(t, "Praxis Dr. Beispiel", "Praxiskarte (SMC-B)", "1-SMC-B-Testkarte-883110000123456", "Weiter")
	page, name := b.asks(lower)
	page.Says(t, "Das unterschreibt Ihre Karte", s.details.Name, s.details.Street, s.details.Phone, "1-SMC-B-Testkarte-883110000123456", "1. März 2027", "Noch 3 Versuche.",
		`type="password"`, `inputmode="numeric"`, `autocomplete="off"`)
	if s.readers.signed != 0 {
		t.Error("the card was asked before there was a PIN")
	}

	// The language may change on the way; the PIN is not sent back, and not used.
	a := b.post("/card/sign", "asked", name, "pin", right, "lang", "en")
	a.Says(t, "This is what your card signs")
	if s.readers.signed != 0 || strings.Contains(a.Body, right) {
		t.Error("a change of language used the PIN, or sent it back")
	}
	for i, want := range []string{"The PIN is wrong. 2 tries are left", "The PIN is wrong. One try is left"} {
		name := askedField.FindStringSubmatch(b.get("/card/sign").Body)[1]
		a := b.post("/card/sign", "asked", name, "pin", wrong)
		a.Says(t, want, `aria-invalid="true"`)
		if a.Status != http.StatusUnprocessableEntity || strings.Contains(a.Body, wrong) || s.readers.signed != i+1 {
			t.Errorf("status %d, %d tries used, or the PIN is shown", a.Status, s.readers.signed)
		}
	}
	page, name = b.asks(lower)
	page.Says(t, "only one try is left")
	a = b.post("/card/sign", "asked", name, "pin", right)
	a.Says(t, "enrolled until Monday, 1 March 2027")
	if a.Path != "/setup/done" || s.signed == nil || s.signed.Statement.Name != s.details.Name {
		t.Errorf("at %s, signed %v", a.Path, s.signed)
	}

	// Renewing leads to the status instead.
	b.get("/status").Says(t, `href="/card"`)
	_, name = b.asks(lower)
	if a := b.post("/card/sign", "asked", name, "pin", right); a.Path != "/status" {
		t.Errorf("renewed, and at %s", a.Path)
	}
	s.hides(t, b, right, wrong)
}

// hides looks for a PIN wherever one could have been left.
func (s *site) hides(t testing.TB, b *browser, pins ...string) {
	t.Helper()
	for _, path := range []string{"/card", "/card/sign", "/status", "/setup/network", "/changes"} {
		for _, pin := range pins {
			if strings.Contains(b.get(path).Body, pin) {
				t.Errorf("a PIN is on %s", path)
			}
		}
	}
	for _, pin := range pins {
		if strings.Contains(s.logged.String(), pin) {
			t.Error("a PIN is in the log")
		}
	}
}

// TestOnePINOnce: whoever presses twice, goes back or comes again later has a PIN tried once.
func TestOnePINOnce(t *testing.T) {
	s, b := cardSite(t)
	s.practiceCard(t, upper, card.VirtualOptions{})
	_, name := b.asks(upper)
	hold := make(chan struct{})
	s.readers.hold = hold
	other := *b
	first := make(chan answer)
	go func() { first <- other.post("/card/sign", "asked", name, "pin", wrong) }()
	for s.begun() == 0 { // until the first has the card
		b.get("/desk")
	}
	b.post("/card/sign", "asked", name, "pin", wrong).Says(t, "Die PIN wurde diesmal nicht benutzt.", "Noch 3 Versuche.")
	close(hold)
	(<-first).Says(t, "Noch 2 Versuche, dann ist die Karte gesperrt.")
	b.post("/card/sign", "asked", name, "pin", wrong).Says(t, "Die PIN wurde diesmal nicht benutzt.", "Noch 2 Versuche.")
	_, name = b.asks(upper)
	s.clock.Advance(askedGood + 1)
	b.post("/card/sign", "asked", name, "pin", right).Says(t, "Die PIN wurde diesmal nicht benutzt.")
	if s.begun() != 1 {
		t.Errorf("the card was asked %d times", s.begun())
	}
	// What was shown is what is signed: with other details the page is read again.
	page, name := b.asks(upper)
	s.details.Street = "Neue Gasse 3"
	if again, other := b.asks(upper); name == other || again.Body == page.Body || !strings.Contains(again.Body, "Neue Gasse 3") {
		t.Error("the page shows what is not the case any more")
	}
}

func (s *site) begun() int {
	s.readers.mu.Lock()
	defer s.readers.mu.Unlock()
	return s.readers.signed
}

// TestRefusedCards: whatever will be refused is said before there is a field for the PIN, in both languages.
func TestRefusedCards(t *testing.T) {
	for name, test := range map[string]struct {
		put    func(t *testing.T, s *site)
		de, en string
	}{
		"no service": {func(_ *testing.T, s *site) { s.readers.broken = pcsc.ErrNoService }, "Der Dienst für Kartenleser läuft nicht.", "The service for card readers is not running."},
		"no access":  {func(_ *testing.T, s *site) { s.readers.broken = pcsc.ErrAccess }, "darf die Kartenleser nicht benutzen", "may not use card readers"},
		"no reader":  {func(_ *testing.T, s *site) { s.readers.names = nil }, "Kein Kartenleser gefunden.", "No card reader found."},
		"of another CA": {func(t *testing.T, s *site) { s.readers.insert(t, upper, card.SMCB, card.VirtualOptions{}) }, "kennt den Herausgeber dieser Karte nicht",
			"does not know the issuer of this card"},
		"of a patient": {func(t *testing.T, s *site) {
			s.trusted.CAs = append(s.trusted.CAs, s.readers.insert(t, upper, card.EGK, card.VirtualOptions{}).Certificate())
		}, "Das ist eine Gesundheitskarte.", "This is a patient"},
		"profession": {func(t *testing.T, s *site) {
			s.practiceCard(t, upper, card.VirtualOptions{Profession: "1.2.276.0.76.4.178"})
		},
			"Der Beruf auf dieser Karte darf in diesem Netz keine Termine anbieten.", "may not offer appointments in this network"},
		"expired": {func(t *testing.T, s *site) {
			s.practiceCard(t, upper, card.VirtualOptions{})
			s.clock.Advance(5 * 366 * 24 * time.Hour)
		}, "Diese Karte ist abgelaufen.", "This card has expired."},
		"blocked": {func(t *testing.T, s *site) {
			s.practiceCard(t, upper, card.VirtualOptions{})
			for range 3 {
				_, _ = s.readers.Sign(t.Context(), upper, wrong, s.statement())
			}
		}, "Die PIN dieser Karte ist gesperrt.", "The PIN of this card is blocked."},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := cardSite(t)
			test.put(t, s)
			if name == "expired" {
				b = s.in(t, "doctor")
			}
			b.get("/card?lang=en").Says(t, test.en)
			a := b.get("/card?lang=de")
			a.Says(t, test.de)
			if strings.Contains(a.Body, "Erika Mustermann") {
				t.Error("a patient's name is shown")
			}
			if strings.Contains(a.Body, "<button id=\"take-") {
				t.Error("the card can be taken")
			}
			if a := b.post("/card", "reader", upper); a.Path != "/card" || strings.Contains(a.Body, `name="pin"`) {
				t.Errorf("the PIN is asked for at %s", a.Path)
			}
		})
	}
}

// TestCardTrouble: what goes wrong after the PIN was typed.
func TestCardTrouble(t *testing.T) {
	t.Run("pulled", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		_, name := b.asks(upper)
		s.readers.pull(upper)
		a := b.post("/card/sign", "asked", name, "pin", right)
		a.Says(t, "Im Kartenleser steckt keine Karte.", "Keine Karte im Leser")
		if a.Path != "/card" {
			t.Errorf("at %s", a.Path)
		}
	})
	t.Run("another card", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		_, name := b.asks(upper)
		s.practiceCard(t, upper, card.VirtualOptions{Seed: [32]byte{9}, TelematikID: "1-SMC-B-Testkarte-999"})
		b.post("/card/sign", "asked", name, "pin", right).Says(t, "andere Karte als die, die Sie gewählt haben")
		if s.signed != nil {
			t.Error("another card has signed")
		}
	})
	t.Run("two cards", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		s.practiceCard(t, lower, card.VirtualOptions{Seed: [32]byte{9}, TelematikID: "1-SMC-B-Testkarte-999"})
		b.get("/card").Says(t, "Welche soll es sein?", "take-0", "take-1")
		page, name := b.asks(lower)
		page.Says(t, "Testkarte-999")
		b.post("/card/sign", "asked", name, "pin", right)
		if s.signed == nil || s.signed.TelematikID != "1-SMC-B-Testkarte-999" {
			t.Errorf("the other card has signed: %v", s.signed)
		}
	})
	t.Run("last try", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		for range 3 {
			_, name := b.asks(upper)
			b.post("/card/sign", "asked", name, "pin", wrong)
		}
		a := b.get("/card")
		a.Says(t, "Die PIN dieser Karte ist gesperrt.")
	})
	t.Run("shape", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		_, name := b.asks(upper)
		b.post("/card/sign", "asked", name, "pin", "12ab").Says(t, "es hat keinen Versuch gekostet", "Noch 3 Versuche.")
		_, name = b.asks(upper)
		b.post("/card/sign", "asked", name).Says(t, "Bitte geben Sie die PIN der Karte ein.")
	})
	t.Run("not reset", func(t *testing.T) {
		s, b := cardSite(t)
		s.practiceCard(t, upper, card.VirtualOptions{})
		s.readers.unreset = true
		_, name := b.asks(upper)
		b.post("/card/sign", "asked", name, "pin", right).Says(t, "Bitte ziehen Sie die Karte jetzt", "angemeldet bis")
		if s.signed == nil {
			t.Error("what the card signed was thrown away")
		}
	})
}

func TestCardIsForDoctors(t *testing.T) {
	s, _ := cardSite(t)
	b := s.in(t, "assistant")
	for _, path := range []string{"/card", "/card/sign"} {
		if got := b.get(path).Status; got != http.StatusForbidden {
			t.Errorf("GET %s: %d", path, got)
		}
		if got := b.post(path, "reader", upper, "pin", right).Status; got != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, got)
		}
	}
}

func TestBuiltWithoutReaders(t *testing.T) {
	s := newSiteAt(t, "127.0.0.1:0", false)
	b := s.in(t, "doctor")
	b.get("/card").Says(t, "ohne Unterstützung für Kartenleser gebaut")
	b.post("/card", "reader", upper).Says(t, "ohne Unterstützung für Kartenleser gebaut")
	b.post("/card/sign", "pin", right).Says(t, "ohne Unterstützung für Kartenleser gebaut")
}

// TestCardErrorsAreSaid: every error of reader and card that a person can meet has a sentence, and each key is a message.
func TestCardErrorsAreSaid(t *testing.T) {
	text, err := web.LoadText(files)
	if err != nil {
		t.Fatal(err)
	}
	list := cardErrors()
	for _, e := range list {
		for _, l := range web.Langs {
			if !text.Has(l, e.Key) {
				t.Errorf("%s lacks %s", l, e.Key)
			}
		}
	}
	for _, err := range []error{pcsc.ErrNotBuilt, pcsc.ErrNoService, pcsc.ErrAccess, pcsc.ErrNoReader, pcsc.ErrNoCard, pcsc.ErrRemoved, pcsc.ErrMute, pcsc.ErrInUse, pcsc.ErrReset,
		pcsc.ErrHung, pcsc.ErrLost, pcsc.ErrFailed, pcsc.ErrUnplugged, card.ErrPINBlocked, &card.PINError{}, card.ErrForeignCard, card.ErrRevoked, ErrBusy} {
		wrapped := fmt.Errorf("enrol: %w", err)
		if !slices.ContainsFunc(list, func(e web.ErrorText) bool { return errors.Is(wrapped, e.Is) }) {
			t.Errorf("%q is said in English only", err)
		}
	}
}

// TestPINFromElsewhere: in a browser on another computer no PIN is asked for, and one that is sent is not used.
func TestPINFromElsewhere(t *testing.T) {
	address := ""
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			address = n.IP.String()
		}
	}
	if address == "" {
		t.Skip("this computer has no address but loopback")
	}
	s := newSiteAt(t, net.JoinHostPort(address, "0"), true)
	s.test, s.enrolled = false, time.Time{}
	s.readers.plug(upper)
	s.trusted.Professions = card.DefaultProfessions()
	s.practiceCard(t, upper, card.VirtualOptions{})
	b := s.in(t, "doctor")
	b.get("/card").Says(t, "Öffnen Sie die App dort.")
	if a := b.post("/card", "reader", upper); strings.Contains(a.Body, `name="pin"`) {
		t.Error("the PIN is asked for")
	}
	b.post("/card/sign", "pin", right)
	if s.begun() != 0 {
		t.Error("the PIN was used")
	}
}
