package practice

import (
	"context"
	"slices"

	"pieks/gossip/wire"
	"pieks/node/control"
	"pieks/store"
)

// maxWorkplaces: rooms and desks of a hospital's ward; the list is there to choose from.
const maxWorkplaces = 100

var workplacesKey = []byte("workplaces")

// workplaces are those that a code was made for, by name.
type workplaces struct {
	Names []string `cbor:"1,keyasint"`
}

func (n *Node) listWorkplaces(context.Context) ([]string, error) {
	var w workplaces
	err := n.home.Store.View(func(tx *store.Tx) error {
		data, err := tx.Get(practiceBucket, workplacesKey)
		if err != nil || data == nil {
			return err
		}
		return wire.Unmarshal(data, &w)
	})
	return append([]string{}, w.Names...), err
}

func (n *Node) rememberWorkplace(ctx context.Context, name string) error {
	return n.home.Store.Update(ctx, func(tx *store.Tx) error {
		var w workplaces
		data, err := tx.Get(practiceBucket, workplacesKey)
		if err == nil && data != nil {
			err = wire.Unmarshal(data, &w)
		}
		if err != nil {
			return err
		}
		at, known := slices.BinarySearch(w.Names, name)
		if known {
			return nil
		}
		if len(w.Names) >= maxWorkplaces {
			return control.Coded(control.KindConflict, control.CodeWorkplace, "There are codes for %d workplaces already: use one of them.", maxWorkplaces)
		}
		w.Names = slices.Insert(w.Names, at, name)
		if data, err = wire.Marshal(w); err != nil {
			return err
		}
		return tx.Put(practiceBucket, workplacesKey, data)
	})
}
