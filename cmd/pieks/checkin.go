package main

// CheckinCmd is about check-ins with proof of presence.
type CheckinCmd struct {
	Scan       CheckinScanCmd       `cmd:"" help:"Patient: say where a practice's code leads; nobody hears of it."`
	Find       CheckinFindCmd       `cmd:"" help:"Patient: find institutions that take check-ins."`
	Start      CheckinStartCmd      `cmd:"" help:"Patient: check in with the card (eGK) or the GesundheitsID."`
	Status     CheckinStatusCmd     `cmd:"" help:"Patient: show how a check-in stands."`
	End        CheckinEndCmd        `cmd:"" help:"Patient: give a check-in up."`
	History    CheckinHistoryCmd    `cmd:"" help:"Patient: list the last check-ins."`
	Favourites CheckinFavouritesCmd `cmd:"" help:"Patient: institutions that are kept."`
	CAN        CheckinCANCmd        `cmd:"" name:"can" help:"Patient: keep the access number of the card, or forget it."`
	Step       CheckinStepCmd       `cmd:"" help:"Patient: drive a check-in step by step, for automatic tests."`

	VerifyToken CheckinVerifyTokenCmd `cmd:"" name:"verify-token" help:"Check a PoPP token, or the presence token of a practice's node."`
}

func (CheckinCmd) Help() string {
	return `A patient shows at a practice that they are there, by its QR code and with their card.

    pieks practice qr --workplace REZEPTION-1
    pieks checkin start photo.png`
}
