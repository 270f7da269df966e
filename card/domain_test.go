package card

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// TestDomains signs a file with each kind of card and asks what it is: a message of one kind is none of another.
func TestDomains(t *testing.T) {
	ctx := context.Background()
	if len(FileDomain) != 13 {
		t.Fatal(len(FileDomain))
	}
	for _, a := range Domains() {
		for _, b := range Domains() {
			if a != b && strings.HasPrefix(a, b) {
				t.Fatalf("%q begins with %q", a, b)
			}
		}
	}
	for _, s := range sorts {
		i := newIssued(t, s)
		for _, domain := range Domains() {
			cms, err := SignMessage(ctx, i.card, VirtualPIN, domain, []byte("Inhalt"), testNow)
			if err != nil {
				t.Fatal(s, err)
			}
			if got, err := DomainOf(cms); got != domain || err != nil {
				t.Fatal(s, got, err)
			}
			for _, asked := range Domains() {
				content, by, err := VerifySigned(cms, asked, i.roots(), testNow)
				if asked != domain {
					if !errors.Is(err, ErrDomain) || content != nil || by != nil {
						t.Fatal(s, domain, asked, err)
					}
				} else if err != nil || string(content) != "Inhalt" || by.TelematikID == "" {
					t.Fatal(s, err)
				}
			}
		}
		i.virtual.Reset()
	}
	i := newIssued(t, sorts[0])
	other, err := SignMessage(ctx, i.card, VirtualPIN, "pieks/file/2\x00", nil, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DomainOf(other); !errors.Is(err, ErrDomain) {
		t.Fatal(err)
	}
	if _, err := DomainOf(append(other, 0)); !errors.Is(err, ErrTrailing) {
		t.Fatal(err)
	}
}

// TestRoomForAFile: what is too large is refused before a try of the PIN is spent, and what is not fits.
func TestRoomForAFile(t *testing.T) {
	ctx := context.Background()
	for _, s := range sorts {
		i := newIssued(t, s)
		leaf, err := ParseCertificate(i.virtual.file)
		if err != nil {
			t.Fatal(err)
		}
		room := leaf.room(FileDomain)
		if _, err := SignMessage(ctx, i.card, "000000", FileDomain, make([]byte, room+1), testNow); !errors.Is(err, ErrTooLarge) || i.virtual.tries != pinTries {
			t.Fatal(s, err)
		}
		file := bytes.Repeat([]byte{0x30}, room)
		cms, err := SignMessage(ctx, i.card, VirtualPIN, FileDomain, file, testNow)
		if err != nil {
			t.Fatal(s, err)
		}
		if left := maxCMS - len(cms); left > 30 {
			t.Errorf("%s: %d bytes were left", s, left)
		}
		if content, _, err := VerifySigned(cms, FileDomain, i.roots(), testNow); err != nil || !bytes.Equal(content, file) {
			t.Fatal(s, err)
		}
	}
	i := newIssued(t, sorts[0])
	if _, err := SignMessage(ctx, i.card, "000000", "", nil, testNow); !errors.Is(err, ErrDomain) || i.virtual.tries != pinTries {
		t.Fatal(err)
	}
	patient := newIssued(t, sort{EGK, CurveBrainpool})
	if _, err := SignMessage(ctx, patient.card, VirtualPIN, FileDomain, nil, testNow); !errors.Is(err, ErrPatientCard) {
		t.Fatal(err)
	}
}
