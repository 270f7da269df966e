package booking

import "pieks/gossip/wire"

// sender is where an answer through the mailbox goes: what the message itself says, or, when it only names B, what is known of B.
type sender struct {
	key     [32]byte
	request *Request
}

// senderOf reads the sender of a message that was handled.
func senderOf(msg []byte) sender {
	m, err := Decode(msg)
	if err != nil {
		return sender{}
	}
	switch m.Kind {
	case KindRequest:
		if r, err := readRequest(m.Body); err == nil {
			return sender{r.Key, &r}
		}
	case KindConfirm:
		if env, err := wire.ParseSigned(m.Body); err == nil {
			var c Confirm
			if wire.Unmarshal(env.Payload, &c) == nil {
				return sender{key: c.Key}
			}
		}
	case KindOrder:
		if env, err := wire.ParseSigned(m.Body); err == nil {
			var o Order
			if wire.Unmarshal(env.Payload, &o) == nil {
				return sender{key: o.Key}
			}
		}
	}
	return sender{}
}

// addressed puts the reply into an answer for the sender. Nothing is sent to a B that nothing is known of.
func (l *Ledger) addressed(reply []byte, to sender) Mailed {
	if to.request != nil {
		return Mailed{Message: reply, Box: to.key, Sealing: to.request.Sealing, Relays: to.request.Relays}
	}
	l.mu.RLock()
	h := l.holds[to.key]
	l.mu.RUnlock()
	if h != nil {
		return Mailed{Message: reply, Box: to.key, Sealing: h.record.Sealing, Relays: h.record.Relays}
	}
	if _, record, err := l.byKey(to.key); err == nil {
		return Mailed{Message: reply, Box: to.key, Sealing: record.Sealing, Relays: record.Relays}
	}
	return Mailed{}
}
