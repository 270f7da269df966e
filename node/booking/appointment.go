package booking

import (
	"encoding/hex"
	"errors"
	"time"

	"pieks/gossip"
)

// AppointmentID is the practice's own stable name of an appointment. It never leaves the practice.
type AppointmentID [8]byte

func (id AppointmentID) String() string { return hex.EncodeToString(id[:]) }

// Errors of ids that people type.
var (
	ErrAppointmentID = errors.New("an appointment id is 16 characters 0-9 and a-f: `pieks slots list` shows them")
	ErrBookingID     = errors.New("a booking id is 32 characters 0-9 and a-f: `pieks bookings` shows them")
)

// ParseAppointmentID reads what String gives.
func ParseAppointmentID(text string) (AppointmentID, error) {
	var id AppointmentID
	err := parseHex(id[:], text, ErrAppointmentID)
	return id, err
}

func (id BookingID) String() string { return hex.EncodeToString(id[:]) }

// ParseBookingID reads what String gives.
func ParseBookingID(text string) (BookingID, error) {
	var id BookingID
	err := parseHex(id[:], text, ErrBookingID)
	return id, err
}

func parseHex(into []byte, text string, refusal error) error {
	if len(text) != 2*len(into) {
		return refusal
	}
	if _, err := hex.Decode(into, []byte(text)); err != nil {
		clear(into)
		return refusal
	}
	return nil
}

// Status is what an appointment is used for. Held is never stored as such: it follows from the hold.
type Status uint8

// The statuses of an appointment.
const (
	SlotOpen      Status = 1
	SlotBlocked   Status = 2 // not offered until unblocked
	SlotHeld      Status = 3 // offered to one patient for some minutes
	SlotBooked    Status = 4
	SlotAttended  Status = 5
	SlotWithdrawn Status = 6 // for good
)

var statusNames = [...]string{"", "open", "blocked", "held", "booked", "attended", "withdrawn"}

// String is the word of the control API.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unknown"
}

// Appointment is one of the practice's own appointments.
type Appointment struct {
	ID      AppointmentID
	Start   time.Time // in Europe/Berlin
	End     time.Time // in Europe/Berlin
	Vaccine string    // code in the network's catalogue
	Dose    uint8     // 1, 2, 3 ...; 0 is any
	Status  Status
}

// Day is the local date as a sheet has it.
func (a Appointment) Day() uint32 { return gossip.DayOf(a.Start.In(berlin)) }

// Part is the part of day as a sheet has it.
func (a Appointment) Part() gossip.Part { return gossip.PartAt(a.Start.In(berlin).Hour()) }

// slot is the appointment as a sheet shows it under id.
func (a Appointment) slot(id gossip.SlotID) gossip.Slot {
	return gossip.Slot{ID: id, Day: a.Day(), Part: a.Part(), Vaccine: a.Vaccine, Dose: a.Dose}
}

// Visit is one appointment of an offer or a booking.
type Visit struct {
	Appointment AppointmentID // at the practice only
	Start       time.Time     // in Europe/Berlin
	End         time.Time     // in Europe/Berlin
	Vaccine     string
	Dose        uint8
	State       State     // Offered, Booked, Cancelled or Attended
	Attended    time.Time // when its code was redeemed; at the practice only
	Code        *Code     // at the patient once booked; at the practice only when it booked for a caller
	Outcome     Outcome   // at the practice only
	Lot         string    // of the vaccine, with Vaccinated
	Room        *RoomKey  // at the patient only, once attended: of the waiting room on that day
}
