package booking

import (
	"pieks/gossip"
	"pieks/store"
)

// What the ledger keeps. Whatever could tie a slot token to an appointment is in bucketHolds, sealed under its epoch's secret.
var (
	bucketAppointments = store.NewBucket("booking/appointments") // AppointmentID -> appointmentRecord
	bucketBookings     = store.NewBucket("booking/bookings")     // BookingID -> bookingRecord
	bucketKeys         = store.NewHiddenBucket("booking/keys")   // B -> keyRecord
	bucketCodes        = store.NewHiddenBucket("booking/codes")  // lookup key of a code -> codeRecord
	bucketTries        = store.NewHiddenBucket("booking/tries")  // reference or device -> triesRecord
	bucketHolds        = store.NewBucket("booking/holds")        // epoch, HMAC of B -> holdRecord sealed under the epoch's secret
	bucketVisible      = store.NewBucket("booking/visible")      // epoch, AppointmentID, generation -> visibleRecord
	bucketOutbox       = store.NewBucket("booking/outbox")       // id -> outgoingRecord
	bucketRooms        = store.NewBucket("booking/rooms")        // day, 4 bytes big-endian -> roomRecord
)

type appointmentRecord struct {
	Start      uint64 `cbor:"1,keyasint"`
	End        uint64 `cbor:"2,keyasint"`
	Vaccine    string `cbor:"3,keyasint"`
	Dose       uint8  `cbor:"4,keyasint"`
	Status     Status `cbor:"5,keyasint"` // never SlotHeld
	Generation uint32 `cbor:"6,keyasint"` // how often it was offered again: each time its slot ids are new
}

type bookingRecord struct {
	Key      [32]byte      `cbor:"1,keyasint"`
	Sealing  [32]byte      `cbor:"2,keyasint"`
	Relays   []string      `cbor:"3,keyasint"`
	State    State         `cbor:"4,keyasint"`
	Revision uint64        `cbor:"5,keyasint"`
	Patient  Patient       `cbor:"6,keyasint"`
	Visits   []visitRecord `cbor:"7,keyasint"`
	Created  uint64        `cbor:"8,keyasint"`
	Changed  uint64        `cbor:"9,keyasint"`
	Reason   string        `cbor:"10,keyasint,omitempty"`
	Until    uint64        `cbor:"11,keyasint"`           // kept until then
	Moved    uint64        `cbor:"12,keyasint,omitempty"` // when the practice last moved a visit
	ByPhone  bool          `cbor:"13,keyasint,omitempty"` // reception booked it for a caller: there is no mailbox
}

type visitRecord struct {
	Appointment AppointmentID `cbor:"1,keyasint"`
	Start       uint64        `cbor:"2,keyasint"`
	End         uint64        `cbor:"3,keyasint"`
	Vaccine     string        `cbor:"4,keyasint"`
	Dose        uint8         `cbor:"5,keyasint"`
	State       State         `cbor:"6,keyasint"`
	Attended    uint64        `cbor:"7,keyasint,omitempty"`
	Room        []byte        `cbor:"8,keyasint,omitempty"` // key of the waiting room on the day on which it was attended
	Outcome     Outcome       `cbor:"9,keyasint,omitempty"` // stays here: no message tells it
	Lot         string        `cbor:"10,keyasint,omitempty"`
	Code        *Code         `cbor:"11,keyasint,omitempty"` // booked by phone only, so that the slip can be printed again; dies with the booking
}

// roomRecord is the waiting room of one day.
type roomRecord struct {
	Key   [32]byte `cbor:"1,keyasint"`
	Until uint64   `cbor:"2,keyasint"` // kept until then: the end of the day
}

type keyRecord struct {
	Booking BookingID `cbor:"1,keyasint"`
	Until   uint64    `cbor:"2,keyasint"`
}

// codeRecord lists what a code stands for. Two visits share ten digits once in 10^10.
type codeRecord struct {
	Visits []codeVisit `cbor:"1,keyasint"`
	Until  uint64      `cbor:"2,keyasint"`
}

type codeVisit struct {
	Booking BookingID `cbor:"1,keyasint"`
	Visit   uint8     `cbor:"2,keyasint"`
}

// holdRecord is the idempotency record of a request and, once Booking is set, of its confirm.
type holdRecord struct {
	Request      [32]byte         `cbor:"1,keyasint"` // SHA-256 of its body
	Key          [32]byte         `cbor:"2,keyasint"`
	Sealing      [32]byte         `cbor:"3,keyasint"`
	Relays       []string         `cbor:"4,keyasint"`
	Commitment   [32]byte         `cbor:"5,keyasint"`
	Nonce        [32]byte         `cbor:"6,keyasint"`
	Tokens       []gossip.TokenID `cbor:"7,keyasint"`
	Appointments []AppointmentID  `cbor:"8,keyasint"`
	Until        uint64           `cbor:"9,keyasint"`
	Offer        []byte           `cbor:"10,keyasint"` // message
	Booking      BookingID        `cbor:"11,keyasint"`
	Void         bool             `cbor:"12,keyasint,omitempty"`
}

type visibleRecord struct {
	From uint64 `cbor:"1,keyasint"` // unix milliseconds: a demo's draw is shorter than a second
	To   uint64 `cbor:"2,keyasint"`
}

type outgoingRecord struct {
	Created uint64   `cbor:"1,keyasint"`
	Box     [32]byte `cbor:"2,keyasint"`
	Sealing [32]byte `cbor:"3,keyasint"`
	Relays  []string `cbor:"4,keyasint"`
	Message []byte   `cbor:"5,keyasint"`
	Expires uint64   `cbor:"6,keyasint"`
}

type triesRecord struct {
	Wrong []uint64 `cbor:"1,keyasint"` // unix seconds of the wrong tries that count
	Until uint64   `cbor:"2,keyasint"` // kept until then
}
