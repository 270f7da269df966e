package patient

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"pieks/node/control"
	"pieks/node/home/testnet"
	"pieks/node/host/hosttest"
	"pieks/node/mailbox"
)

// From the code at the reception to the practice's list.
func TestCheckinWithACard(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	target, err := n.checkins.scan(t.Context(), control.CheckinScan{Text: `{"tid":"` + empfangID + `","typ":"popp-checkin","wpid":"REZEPTION-1"}`})
	check(t, err)
	if len(target.Institutions) != 1 || target.Workplace != "REZEPTION-1" || target.Institutions[0].Street != "Domstr. 1" || !target.Institutions[0].Mesh {
		t.Fatalf("%+v", target)
	}
	s := agreed(t, n, control.CheckinBegin{Workplace: target.Workplace})
	done := tapped(t, n, s.ID)
	if done.State != control.CheckinStateSuccess || done.Proof != control.ProofEGK || done.Ended.IsZero() || done.Why != "" || done.Record == "" {
		t.Errorf("%+v", done)
	}
	all := p.arrived()
	if len(all) != 1 || all[0].KVNR != "X110540756" || all[0].Workplace != "REZEPTION-1" || all[0].Late || all[0].ID.String() != done.Record {
		t.Errorf("%+v", all)
	}
	if _, err := n.checkins.card(t.Context(), control.CheckinAnswer{ID: s.ID}); control.CodeOf(err) != control.CodeCheckinState {
		t.Errorf("once more: %v", err)
	}
}

// A practice that is away reads the proof when it is back, and its patient hears of that.
func TestCheckinWaitsForThePractice(t *testing.T) {
	clock := &testnet.Clock{}
	p := newEmpfang(t, testnet.New(t, testnet.Config{}), clock)
	n := p.patient(CheckinConfig{})
	p.away(n)
	s := agreed(t, n, control.CheckinBegin{})
	waits := tapped(t, n, s.ID)
	if waits.State != control.CheckinStatePending || waits.GiveUpHours != 72 || !waits.Until.After(clock.Now().Add(71*time.Hour)) {
		t.Fatalf("%+v", waits)
	}
	if len(p.arrived()) != 0 {
		t.Error("it arrived though the practice is away")
	}
	// Whoever knows the mailbox can leave something there: it is dropped, and changes nothing.
	for box, letterbox := range n.checkins.letterboxes() {
		e, err := n.checkins.find(s.ID)
		check(t, err)
		for _, to := range [][32]byte{[32]byte(e.attempt.Sealing().PublicKey().Bytes()), [32]byte(p.sealing.PublicKey().Bytes())} {
			junk, err := mailbox.SealEnvelope(box, to, []byte("junk"))
			check(t, err)
			check(t, p.host.Connect(hosttest.Within(t), peer.AddrInfo{ID: p.relay.ID(), Addrs: p.relay.Addrs()}))
			_, err = mailbox.Put(hosttest.Within(t), p.host, []peer.ID{p.relay.ID()}, box, junk)
			check(t, err)
		}
		n.fetchElsewhere(t.Context())
		left, err := mailbox.Fetch(hosttest.Within(t), p.host, p.relay.ID(), letterbox.key)
		if err != nil || len(left) != 0 {
			t.Errorf("%d letters are left: %v", len(left), err)
		}
	}
	if r, _ := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID}); r.State != control.CheckinStatePending {
		t.Errorf("%+v", r)
	}
	if read := p.readLetters(n); read != 1 {
		t.Fatalf("%d letters", read)
	}
	done, err := n.checkins.status(t.Context(), control.CheckinName{ID: s.ID})
	check(t, err)
	if done.State != control.CheckinStateSuccess {
		t.Errorf("%+v", done)
	}
	if all := p.arrived(); len(all) != 1 || !all[0].Late {
		t.Errorf("%+v", all)
	}
	if boxes := n.checkins.letterboxes(); len(boxes) != 0 {
		t.Error("its mailbox is still looked into")
	}
}
