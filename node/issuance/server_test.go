package issuance

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"pieks/card"
	"pieks/gossip"
	"pieks/node/host/hosttest"
)

func TestPassesAreGoodAndInOrder(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	want := wants(Batch + 2) // two requests
	passes, err := c.Fetch(hosttest.Within(t), want)
	if err != nil {
		t.Fatal(err)
	}
	v := gossip.NewValidator(func() *gossip.Policy { return i.policy }, i.clock.Now)
	for n, p := range passes {
		if p.P != want[n].P || p.H != want[n].H || p.Epoch != want[n].Epoch {
			t.Errorf("pass %d is for something else", n)
		}
		if err := v.CheckPass(p); err != nil {
			t.Errorf("pass %d: %v", n, err)
		}
	}
	if len(passes) != len(want) {
		t.Errorf("%d passes", len(passes))
	}
}

func TestQuotaHoldsOverRestartsAndConcurrency(t *testing.T) {
	dir := t.TempDir()
	i := newIssuer(t, dir)
	c, other := i.practice(t, 1), i.practice(t, 2)
	key := i.policy.Keys[onlyKey(i.policy)]
	quota := Quota(key, i.policy.Rules)
	if quota != 24 {
		t.Fatalf("a week of days gives %d passes, want 24", quota)
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		passes int
	)
	for range 6 {
		wg.Go(func() {
			got, err := c.Fetch(hosttest.Within(t), wants(Batch))
			mu.Lock()
			defer mu.Unlock()
			passes += len(got)
			if err != nil && !errors.Is(err, ErrQuota) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if passes != quota {
		t.Errorf("%d passes at the same time, want %d", passes, quota)
	}
	// Another device of the same practice has no quota of its own; another practice has.
	second := c
	second.Device = hosttest.Key(120)
	second.Enrolment = enrolment(t, 1, second.Device)
	if _, err := second.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrQuota) {
		t.Errorf("second device: %v", err)
	}
	if _, err := other.Fetch(hosttest.Within(t), wants(1)); err != nil {
		t.Errorf("another practice: %v", err)
	}
	_ = i.Close()
	_ = i.store.Close()
	_ = i.host.Close()
	i = newIssuer(t, dir)
	if _, err := i.practice(t, 1).Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrQuota) {
		t.Errorf("after a restart: %v", err)
	}
	if n, err := i.store.Sweep(t.Context(), time.Unix(int64(key.To), 0)); err != nil || n == 0 {
		t.Errorf("counters outlive their key: swept %d, %v", n, err)
	}
}

func TestQuotaRule(t *testing.T) {
	rules := gossip.DefaultRules()
	for _, c := range []struct {
		span, epoch time.Duration
		want        int
	}{
		{7 * 24 * time.Hour, 24 * time.Hour, 24},
		{24 * time.Hour, 24 * time.Hour, 16},
		{time.Second, 24 * time.Hour, 16},
		{7 * 24 * time.Hour, 12 * time.Hour, 40},
		{7 * 24 * time.Hour, time.Minute, maxPerKey},
		{20 * 365 * 24 * time.Hour, time.Second, maxPerKey},
	} {
		rules.Epoch = c.epoch
		if got := Quota(gossip.IssuerKey{From: 100, To: 100 + uint64(c.span/time.Second)}, rules); got != c.want || got%Batch != 0 {
			t.Errorf("%s of %s: %d, want %d", c.span, c.epoch, got, c.want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	good := i.getRoots()
	device := publicOf(c.Device)
	stranger := c
	stranger.Device = hosttest.Key(121)
	at := func(d time.Duration) func(*request) { return func(r *request) { r.Time = uint64(noon.Add(d).Unix()) } }

	for name, s := range map[string]struct {
		frame []byte
		want  Code
	}{
		"not COSE":           {[]byte{1, 2, 3}, CodeMalformed},
		"version 2":          {c.signed(t, func(r *request) { r.Version = 2 }), CodeVersion},
		"for another relay":  {c.signed(t, func(r *request) { r.Relay = []byte(c.Host.ID()) }), CodeSignature},
		"by another device":  {stranger.signed(t, nil), CodeSignature},
		"11 minutes old":     {c.signed(t, at(-maxSkew-time.Second)), CodeStale},
		"11 minutes ahead":   {c.signed(t, at(maxSkew+time.Second)), CodeStale},
		"time beyond all":    {c.signed(t, func(r *request) { r.Time = 1<<64 - 1 }), CodeStale},
		"seven elements":     {c.signed(t, func(r *request) { r.Blinded = r.Blinded[1:] }), CodeMalformed},
		"nine elements":      {c.signed(t, func(r *request) { r.Blinded = append(r.Blinded, r.Blinded[0]) }), CodeMalformed},
		"short element":      {c.signed(t, func(r *request) { r.Blinded[3] = r.Blinded[3][1:] }), CodeMalformed},
		"element 1":          {c.signed(t, func(r *request) { r.Blinded[3] = append(make([]byte, 383), 1) }), CodeMalformed},
		"element above N":    {c.signed(t, func(r *request) { r.Blinded[3] = bytes.Repeat([]byte{0xff}, 384) }), CodeMalformed},
		"unknown key":        {c.signed(t, func(r *request) { r.Key[0] ^= 1 }), CodeKey},
		"no enrolment":       {c.signed(t, func(r *request) { r.Enrolment = nil }), CodeMalformed},
		"broken enrolment":   {c.signed(t, func(r *request) { r.Enrolment = append([]byte{}, r.Enrolment[:len(r.Enrolment)-1]...) }), CodeEnrolment},
		"enrolment of other": {c.signed(t, func(r *request) { r.Enrolment = enrolment(t, 2, hosttest.Key(102)) }), CodeSignature},
	} {
		if got := c.send(t, s.frame); got != s.want {
			t.Errorf("%s: code %d, want %d", name, got, s.want)
		}
	}
	for name, s := range map[string]struct {
		roots card.Roots
		at    time.Time
		want  error
	}{
		"revoked":    {card.Roots{CAs: good.CAs, Professions: good.Professions, Revoked: [][32]byte{device}}, noon, ErrRevoked},
		"profession": {card.Roots{CAs: good.CAs, Professions: []string{"1.2.276.0.76.4.49"}}, noon, ErrProfession},
		"other root": {card.Roots{Professions: good.Professions}, noon, ErrEnrolment},
		"too early":  {good, noon.Add(-30 * time.Minute), ErrEnrolment},
	} {
		i.set(func(i *testIssuer) { i.roots = s.roots })
		i.clock.Set(s.at)
		if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, s.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	i.set(func(i *testIssuer) { i.roots = good })
	i.clock.Set(noon)
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); err != nil {
		t.Fatalf("after all refusals: %v", err)
	}
	i.clock.Set(noon.AddDate(0, 0, 6)) // the key's week is over
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrKey) {
		t.Errorf("key of last week: %v", err)
	}
	i.set(func(i *testIssuer) { i.known = nil })
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrFailed) {
		t.Errorf("without a bundle: %v", err)
	}
}

func TestExpiredEnrolment(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	late := noon.Add(5 * 24 * time.Hour) // the key is still good
	i.clock.Set(late)
	c.Enrolment = must(card.EnrolVirtual(testCA(), card.Statement{
		Device: publicOf(c.Device), Sealing: [32]byte{9}, Name: canaryName, Street: "Domstr. 1", PLZ: "50667", Place: "Köln",
		NotBefore: uint64(noon.Unix()), NotAfter: uint64(late.Add(-time.Hour).Unix()),
	}, [32]byte{1}, noon))
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrExpired) {
		t.Errorf("%v", err)
	}
}

// Only keys that the bundle lists for this very relay are used, and only with their own private half.
func TestOnlyOwnKeysSign(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	foreign := policyOf(c.Host.ID(), issuerKey()) // the bundle says that this key is another relay's
	i.set(func(i *testIssuer) { i.known = foreign })
	if got := c.send(t, c.signed(t, nil)); got != CodeKey {
		t.Errorf("key of another relay: code %d", got)
	}
	i.set(func(i *testIssuer) { i.known = i.policy })
	id := onlyKey(i.policy)
	i.SetKeys(map[gossip.KeyID]*rsa.PrivateKey{id: otherKey()})
	if got := c.send(t, c.signed(t, nil)); got != CodeKey {
		t.Errorf("another private key under this id: code %d", got)
	}
	i.SetKeys(nil)
	if got := c.send(t, c.signed(t, nil)); got != CodeKey {
		t.Errorf("no private key: code %d", got)
	}
	i.SetKeys(map[gossip.KeyID]*rsa.PrivateKey{id: issuerKey()})
	if got := c.send(t, c.signed(t, nil)); got != CodeOK {
		t.Errorf("the key again: code %d", got)
	}
}

func TestAReplayedRequestIsRefused(t *testing.T) {
	dir := t.TempDir()
	i := newIssuer(t, dir)
	c := i.practice(t, 1)
	frame := c.signed(t, nil)
	if got := c.send(t, frame); got != CodeOK {
		t.Fatalf("code %d", got)
	}
	if got := c.send(t, frame); got != CodeReplay {
		t.Errorf("again: code %d", got)
	}
	_ = i.Close()
	_ = i.store.Close()
	_ = i.host.Close()
	i = newIssuer(t, dir)
	again := i.practice(t, 1)
	if got := again.send(t, frame); got != CodeReplay {
		t.Errorf("after a restart: code %d", got)
	}
	// A nonce is forgotten only when the time of its request is stale.
	for _, at := range []time.Duration{maxSkew, 2 * maxSkew} {
		i.clock.Set(noon.Add(at))
		if _, err := i.store.Sweep(t.Context(), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
		if got := again.send(t, frame); got == CodeOK {
			t.Errorf("replayed after %s", at)
		}
	}
}

func TestNothingOfThePracticeStays(t *testing.T) {
	dir := t.TempDir()
	i := newIssuer(t, dir)
	c := i.practice(t, 1)
	if _, err := c.Fetch(hosttest.Within(t), wants(3)); err != nil {
		t.Fatal(err)
	}
	c.send(t, c.signed(t, func(r *request) { r.Time = 0 }))
	id := c.Host.ID().String()
	_ = i.Close()
	_ = i.store.Close()
	device := publicOf(c.Device)
	places := map[string][]byte{"log": i.log.Bytes()}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		places[filepath.Base(f)] = must(os.ReadFile(f))
	}
	if len(places) < 3 {
		t.Fatal("the store has no files")
	}
	for place, data := range places {
		for _, canary := range []string{canaryName, "Canaria", canaryID, "CANARY", "Domstr", "50667", string(device[:]), string(c.Enrolment[50:80]), id} {
			if bytes.Contains(data, []byte(canary)) {
				t.Errorf("%s contains %q", place, canary)
			}
		}
	}
}

func TestNoSignatureLeavesUncounted(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	if err := i.store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(i.logged(t), "none were given") {
		t.Error("the operator is not told")
	}
}

// logged closes i and returns its log.
func (i *testIssuer) logged(t testing.TB) string {
	t.Helper()
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	return i.log.String()
}

func TestTooManyAtOnceAreTurnedAway(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	for range cap(i.waiting) {
		i.waiting <- struct{}{}
	}
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	for range cap(i.waiting) {
		<-i.waiting
	}
	if _, err := c.Fetch(hosttest.Within(t), wants(1)); err != nil {
		t.Errorf("when there is room: %v", err)
	}
	if len(i.waiting)+len(i.turns) != 0 {
		t.Error("a turn was not given back")
	}
}

func TestAnOversizeFrameIsNotRead(t *testing.T) {
	i := newIssuer(t, t.TempDir())
	c := i.practice(t, 1)
	s, err := c.Host.NewStream(hosttest.Within(t), c.Relay, ProtocolID)
	if err != nil {
		t.Fatal(err)
	}
	if err := binary.Write(s, binary.BigEndian, uint32(maxRequestFrame+1)); err != nil {
		t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
		t.Errorf("%v, want a reset", err)
	}
}
