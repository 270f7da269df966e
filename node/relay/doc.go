// Package relay is the volunteer's server: it lets practices be reached through circuits, collects their slot sheets in
// a pool, shows each region its part at every tick, keeps sealed mail for those who are away, issues passes blindly, and
// publishes what patients disclosed with a professional's approval.
//
// What it may hold is public sheets, ciphertext and counters. It never learns a name, an address, the postcode of a
// patient, who booked what, or a verification code: none of that passes through it in the clear.
// Who is connected (admission) and what each may see (gossip.Claims) is known in memory only.
package relay
