package main

// CheckinCmd is about check-ins with proof of presence.
type CheckinCmd struct {
	VerifyToken CheckinVerifyTokenCmd `cmd:"" name:"verify-token" help:"Check a PoPP token, or the presence token of a practice's node."`
}
