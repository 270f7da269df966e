package card

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Admission extensions of gematik's test cards (crypto.md 5.3): an HBA with an authority, an SMC-B without.
const (
	realHBA = "306ba42430223" + "10b3009060355040613024445311330110603550" + "40a0c0ac3844b204265726c696e" +
		"30433041303f303d30150c13507379636" + "86f746865726170657574" + "2f2d696e300906072a8214004c042d1319" +
		"342d312d50737963686f2d42616265747465426579" + "65723031"
	realSMCB = "3051304f304d304b304930210c1f42657472696562737374c3a47474652050737963686f74686572617065757" + "4" +
		"300906072a8214004c04341319312d322d50737963686f2d426162657474654265796572" + "3031"
)

func TestAdmissionForms(t *testing.T) { // case 46
	for _, c := range []struct {
		name, der, authority string
		want                 Profession
	}{
		{"HBA", realHBA, "ÄK Berlin", Profession{[]string{"Psychotherapeut/-in"}, []string{"1.2.276.0.76.4.45"}, "4-1-Psycho-BabetteBeyer01"}},
		{"SMC-B", realSMCB, "", Profession{[]string{"Betriebsstätte Psychotherapeut"}, []string{"1.2.276.0.76.4.52"}, "1-2-Psycho-BabetteBeyer01"}},
	} {
		der := unhex(t, c.der)
		got, err := parseAdmission(der)
		if err != nil || len(got) != 1 || !slices.Equal(got[0].Items, c.want.Items) || !slices.Equal(got[0].OIDs, c.want.OIDs) ||
			got[0].RegistrationNo != c.want.RegistrationNo {
			t.Fatalf("%s: %+v %v", c.name, got, err)
		}
		made, err := encodeAdmission(c.authority, []Profession{c.want})
		if err != nil || !bytes.Equal(made, der) {
			t.Fatalf("%s: virtual cards have another form than real ones: %x %v", c.name, made, err)
		}
		for n := range der {
			if _, err := parseAdmission(der[:n]); !errors.Is(err, ErrAdmission) {
				t.Fatal(n, err)
			}
		}
	}
}

// TestAdmissionEverything has every optional part at once, and several of each.
func TestAdmissionEverything(t *testing.T) {
	text := func(tag asn1.Tag, s string) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) }) }
	}
	sequence := func(parts ...func(*cryptobyte.Builder)) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, p := range parts {
					p(b)
				}
			})
		}
	}
	explicit := func(n uint8, part func(*cryptobyte.Builder)) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { b.AddASN1(tagged(n), part) }
	}
	oid := func(dotted string) func(*cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { addDotted(b, dotted) }
	}
	naming := sequence(oid("1.2.3"), text(asn1.IA5String, "http://example.org"), text(asn1.UTF8String, "Kammer"))
	full := sequence(
		explicit(0, naming),
		sequence(text(asn1.PrintableString, "Arzt"), text(asn1.T61String, "\xc8a")),
		sequence(oid(ProfessionPhysician), oid(professionNursing)),
		text(asn1.PrintableString, "1-1"),
		text(asn1.OCTET_STRING, "more"),
	)
	bare := sequence(sequence(text(asn1.UTF8String, "nur Text")))
	var b cryptobyte.Builder
	sequence(
		text(asn1.Tag(6).ContextSpecific(), "http://example.org"), // uniformResourceIdentifier
		sequence(
			sequence(explicit(0, text(asn1.Tag(2).ContextSpecific(), "example.org")), explicit(1, naming), sequence(full, bare)),
			sequence(sequence(bare)),
			sequence(sequence()),
		),
	)(&b)
	got, err := parseAdmission(b.BytesOrPanic())
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	if !slices.Equal(got[0].OIDs, []string{ProfessionPhysician, professionNursing}) || got[0].RegistrationNo != "1-1" ||
		got[0].Items[0] != "Arzt" || got[0].Items[1] != "" || got[2].Items[0] != "nur Text" || got[2].OIDs != nil {
		t.Fatalf("%+v", got)
	}
}

func TestAdmissionOtherStructure(t *testing.T) {
	tlv := func(tag byte, parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		return append([]byte{tag, byte(len(body))}, body...)
	}
	seq := func(parts ...[]byte) []byte { return tlv(0x30, parts...) }
	null, none := []byte{5, 0}, seq()
	oids, number := seq([]byte{6, 1, 0x2a}), tlv(0x13, []byte("1-2"))
	profession := func(parts ...[]byte) []byte { return seq(seq(seq(seq(seq(parts...))))) }
	for name, der := range map[string][]byte{
		"empty":                        seq(),
		"not a sequence":               tlv(0x31, none),
		"more in the extension":        seq(seq(seq(none)), null),
		"more in an admission":         seq(seq(seq(none, null))),
		"admission without infos":      seq(seq(seq())),
		"infos are a set":              seq(seq(seq(tlv(0x31)))),
		"profession without items":     profession(),
		"more in a profession":         profession(none, oids, number, tlv(4), null),
		"number before identifiers":    profession(none, number, oids),
		"number in UTF-8":              profession(none, oids, tlv(0x0c, []byte("1-2"))),
		"number with an underscore":    profession(none, oids, tlv(0x13, []byte("1_2"))),
		"identifier of no bytes":       profession(none, seq([]byte{6, 0})),
		"identifier not minimal":       profession(none, seq([]byte{6, 2, 0x80, 1})),
		"identifier cut":               profession(none, seq([]byte{6, 1, 0x80})),
		"identifiers without sequence": profession(none, []byte{6, 1, 0x2a}),
		"authority of unknown kind":    seq(tlv(0xa9), seq(seq(none))),
	} {
		if err := checkDER(der); err != nil {
			t.Fatal(name, "is not even DER:", err)
		}
		if got, err := parseAdmission(der); !errors.Is(err, ErrAdmission) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if got, err := parseAdmission(profession(none, oids, number, tlv(4))); err != nil || len(got) != 1 {
		t.Fatal("the shape that the cases above spoil:", got, err)
	}
}

// TestProfessions is case 45, and what else can stand in an admission.
func TestProfessions(t *testing.T) {
	info := func(number string, oids ...string) Profession {
		return Profession{Items: []string{"Text"}, OIDs: oids, RegistrationNo: number}
	}
	const id = testTelematikID
	for _, c := range []struct {
		name  string
		infos []Profession
		want  error
	}{
		{"practice", []Profession{info(id, ProfessionPractice)}, nil},
		{"insured", []Profession{info(id, professionInsured)}, ErrPatientCard},
		{"insured too", []Profession{info(id, ProfessionPractice), info("", professionInsured)}, ErrPatientCard},
		{"nursing", []Profession{info(id, professionNursing)}, ErrProfession},
		{"pharmacist's assistant", []Profession{info(id, professionPharmacistHelper)}, ErrProfession},
		{"no profession", []Profession{}, ErrNoAdmission},
		{"no identifier", []Profession{info(id)}, ErrProfession},
		{"identifier as text", []Profession{{Items: []string{ProfessionPractice}, RegistrationNo: id}}, ErrProfession},
		{"second is allowed", []Profession{info("1-2", professionNursing), info(id, ProfessionPractice)}, nil},
		{"second identifier is allowed", []Profession{info(id, professionNursing, ProfessionPractice)}, nil},
		{"number beside another profession", []Profession{info(id, professionNursing), info("1-2", ProfessionPractice)}, ErrTelematikID},
		{"no number", []Profession{info("", ProfessionPractice)}, ErrTelematikID},
		{"two allowed, number at the second", []Profession{info("1-2", ProfessionHospital), info(id, ProfessionPractice)}, nil},
		{"allowed one's prefix", []Profession{info(id, ProfessionPractice+".1")}, ErrProfession},
		{"number too long", []Profession{info("1-"+strings.Repeat("9", maxTelematikID-1), ProfessionPractice)}, ErrAdmission},
		{"too many", slices.Repeat([]Profession{info(id, ProfessionPractice)}, maxProfessions+1), ErrAdmission},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newForge(t, func(d *draft) {
				value, err := encodeAdmission("", c.infos)
				if err != nil {
					t.Fatal(err)
				}
				replace(d, draftExtension{oid: oidAdmission, value: value})
			})
			if c.want != nil {
				refused(t, f.encode(), testRoots(f.ca), testNow, c.want)
				return
			}
			l, err := VerifyEnrolment(f.encode(), testRoots(f.ca), testNow)
			if err != nil || l.Profession != ProfessionPractice || l.ProfessionName != "Text" || l.TelematikID != id {
				t.Fatal(l, err)
			}
		})
	}
	patient := newForge(t, func(d *draft) {
		value, err := encodeAdmission("", []Profession{info(id, professionInsured)})
		if err != nil {
			t.Fatal(err)
		}
		replace(d, draftExtension{oid: oidAdmission, value: value})
	})
	refused(t, patient.encode(), Roots{CAs: [][]byte{patient.ca.Certificate()}, Professions: []string{professionInsured}}, testNow, ErrPatientCard)
	f := newForge(t, nil)
	refused(t, f.encode(), Roots{CAs: [][]byte{f.ca.Certificate()}}, testNow, ErrProfession) // an empty list allows nobody
	refused(t, f.encode(), Roots{CAs: [][]byte{f.ca.Certificate()}, Professions: []string{ProfessionPhysician}}, testNow, ErrProfession)
}
