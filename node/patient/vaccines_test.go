package patient

import (
	"slices"
	"testing"

	"pieks/node/control"
	"pieks/node/home/testnet"
)

// The catalogue is that of the network, whole and in order.
func TestVaccines(t *testing.T) {
	clock := &testnet.Clock{}
	net := testnet.New(t, testnet.Config{})
	n := startNode(t, net, net.File, clock)
	list, err := n.home.Vaccines(t.Context())
	if err != nil || len(list) != len(net.Bundle.Vaccines) {
		t.Fatalf("%+v %v", list, err)
	}
	if !slices.IsSortedFunc(list, func(a, b control.Vaccine) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) }) {
		t.Errorf("not by name: %+v", list)
	}
	for _, v := range net.Bundle.Vaccines {
		want := control.Vaccine{
			Code: v.Code, Name: v.Name, Doses: int(v.Doses), VialDoses: int(v.VialDoses), MinInterval: v.IntervalDays[0], MaxInterval: v.IntervalDays[1],
		}
		if !slices.Contains(list, want) {
			t.Errorf("%+v is not in %+v", want, list)
		}
	}
}
