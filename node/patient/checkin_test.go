package patient

import (
	"testing"
	"time"

	"pieks/node/control"
	"pieks/node/home/testnet"
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
