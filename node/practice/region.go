package practice

import (
	"fmt"

	"pieks/gossip/place"
)

// Names in the key file, beside an epoch's secrets, of where its pseudonym first appeared: relays let a pass into that region only.
const (
	secretRegion = "region"
	secretArea   = "area"
)

// movedText says that the practice has gone to another region in the middle of an epoch, and when that ends.
const movedText = "this practice has a postcode of another region since its pseudonym first appeared: its appointments are shown again under the next one, from %s on"

// standing is where a pseudonym shows itself.
type standing struct {
	region, area string
	away         bool // the practice is in another region by now: nothing is shown
}

// standingOf says where the pseudonym of an epoch is. It is written down the first time.
func (n *Node) standingOf(epoch uint64, plz place.PLZ) (standing, error) {
	m := n.home.Network.Policy().Map
	here := standing{region: m.Region(plz), area: m.Area(plz)}
	keys := n.home.Store.Keys()
	region, known := keys.Get(epoch, secretRegion)
	area, _ := keys.Get(epoch, secretArea)
	if of, ok := m.RegionOfArea(string(area)); known && ok && of == string(region) {
		if of != here.region {
			return standing{of, string(area), true}, nil
		}
		return here, nil
	}
	// The first time, or a newer network file has drawn the regions anew.
	err := keys.PutAll(epoch, map[string][]byte{secretRegion: []byte(here.region), secretArea: []byte(here.area)})
	if err != nil {
		return here, fmt.Errorf("write down the region of epoch %d: %w", epoch, err)
	}
	return here, nil
}
