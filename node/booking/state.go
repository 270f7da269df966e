package booking

// State is how far a booking or a visit has come.
type State uint8

// The states. A practice knows Booked, Cancelled and Attended; a patient knows all of them.
const (
	Pending   State = 1 // asked; the practice has not answered, or draws
	Offered   State = 2 // held for this patient until the offer ends
	Confirmed State = 3 // accepted; the practice's receipt is not here yet
	Booked    State = 4
	Cancelled State = 5
	Attended  State = 6
	Taken     State = 7 // somebody else has it
	Expired   State = 8 // the hold or the wait ended without a booking
	Refused   State = 9 // the practice or this node refused, see the message
)

var stateNames = [...]string{"", "pending", "offered", "pending", "booked", "cancelled", "attended", "taken", "expired", "refused"}

// String is the word of the control API; Confirmed is still "pending" for people.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Ended says that nothing more will come of it.
func (s State) Ended() bool {
	return s == Cancelled || s == Taken || s == Expired || s == Refused || s == Attended
}
