package disclosure

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"pieks/gossip/wire"
	"pieks/node/admission/inbound"
)

// serveLists gives out lists that the other side does not know, item by item.
func (s *Server) serveLists(ctx context.Context, st network.Stream, from inbound.Source) error {
	var m marksMessage
	if err := readPadded(st, marksBytes, &m); err != nil {
		return refuseForm(st, kindLists, err)
	}
	if err := m.Known.check(); err != nil {
		return writePadded(st, answerBytes, answer{Version: version, Status: StatusMalformed})
	}
	if !s.rates.lists.Allow(string(from)) {
		return writePadded(st, answerBytes, answer{Version: version, Status: StatusBusy})
	}
	select {
	case s.serving <- struct{}{}:
		defer func() { <-s.serving }()
	default:
		return writePadded(st, answerBytes, answer{Version: version, Status: StatusBusy})
	}
	if err := st.Scope().ReserveMemory(listMemory, network.ReservationPriorityMedium); err != nil {
		return err
	}
	defer st.Scope().ReleaseMemory(listMemory)
	if err := st.SetDeadline(time.Now().Add(listsTimeout)); err != nil {
		return err
	}
	lists, more := s.shelf.missing(m.Known, s.trusted, s.cfg.Now())
	if err := writePadded(st, answerBytes, answer{Version: version, Lists: uint64(len(lists)), More: more}); err != nil {
		return err
	}
	for _, l := range lists {
		if err := s.writeList(ctx, st, l); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) writeList(ctx context.Context, st network.Stream, l shelved) error {
	signed, err := s.shelf.signed(l)
	if err != nil {
		return err
	}
	if err := wire.WriteFrame(st, signed); err != nil {
		return err
	}
	for i := range l.items {
		item, err := s.shelf.item(l, i)
		if err != nil {
			return err
		}
		if err := wire.WriteFrame(st, item); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
