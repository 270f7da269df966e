package mailbox

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"pieks/gossip/wire"
)

func sealingKey(t testing.TB) (*ecdh.PrivateKey, [32]byte) {
	t.Helper()
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, [32]byte(k.PublicKey().Bytes())
}

func TestEnvelopeHasOneOfTwoSizesAndGivesItsContentBack(t *testing.T) {
	key, pub := sealingKey(t)
	box := BoxID{1}
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, MaxContent), rapid.IntRange(965, 980), rapid.IntRange(MaxContent-2, MaxContent)).Draw(t, "size")
		content := bytes.Repeat([]byte{7}, size)
		env, err := SealEnvelope(box, pub, content)
		if err != nil {
			t.Fatal(err)
		}
		want := SmallEnvelope
		if size > SmallEnvelope-wire.SealOverhead-2 {
			want = LargeEnvelope
		}
		if len(env) != want {
			t.Fatalf("%d bytes became %d, want %d", size, len(env), want)
		}
		got, err := OpenEnvelope(box, key, env)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("opened %d bytes, %v", len(got), err)
		}
	})
	if _, err := SealEnvelope(box, pub, make([]byte, MaxContent+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
}

func TestEnvelopeOpensOnlyForItsBoxAndKey(t *testing.T) {
	key, pub := sealingKey(t)
	other, _ := sealingKey(t)
	box := BoxID{1}
	env, err := SealEnvelope(box, pub, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenEnvelope(BoxID{2}, key, env); !errors.Is(err, ErrEnvelope) {
		t.Errorf("moved to another box: %v", err)
	}
	if _, err := OpenEnvelope(box, other, env); !errors.Is(err, ErrEnvelope) {
		t.Errorf("another key: %v", err)
	}
	if _, err := OpenEnvelope(box, key, env[:1000]); !errors.Is(err, ErrSize) {
		t.Errorf("cut: %v", err)
	}
	for _, i := range []int{0, 1, 33, 500, 1023} {
		bad := bytes.Clone(env)
		bad[i] ^= 1
		if _, err := OpenEnvelope(box, key, bad); !errors.Is(err, ErrEnvelope) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	// Sealed by the right rules but for the padding: a second sender's hidden channel, or a bug of it.
	inner := make([]byte, SmallEnvelope-wire.SealOverhead)
	for name, spoil := range map[string]func([]byte){
		"length beyond the end": func(b []byte) { b[0] = 0xff },
		"padding not zero":      func(b []byte) { b[len(b)-1] = 1 },
	} {
		b := bytes.Clone(inner)
		spoil(b)
		env, err := wire.Seal(pub, envelopePurpose, box[:], b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenEnvelope(box, key, env); !errors.Is(err, ErrEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
