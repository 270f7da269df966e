package reception

import "time"

const (
	// rowsPerPage: what is scrolled through in a moment and sent in one.
	rowsPerPage = 100
	// lookAhead: days after today in which the app looks for appointments when it is opened, as many as the node tells at once.
	lookAhead = 30
	// foundAtMost: who searches a name sees it among these, or types more of it.
	foundAtMost = 20
	// resultLife: how long the answer to a code stays on the desk's page, which visitors may see.
	resultLife = 5 * time.Minute
	// backupWarn: how old the newest backup may be.
	backupWarn = 7 * 24 * time.Hour
	// weekRows: appointments of a day in the week's view; the rest is a click away.
	weekRows = 24
	// lotDays: how far back the lot number used last is looked for.
	lotDays = 7
	// maxReason: a sentence, as receipts carry it.
	maxReason = 240
	// maxName, maxPhone, maxLot: as bookings keep them, in bytes.
	maxName  = 160
	maxPhone = 32
	maxLot   = 32
	// maxPractice, maxStreet, maxDirections: as a card signs them, in bytes.
	maxPractice   = 96
	maxStreet     = 96
	maxDirections = 240
	// minPassphrase: a backup leaves the practice on a stick.
	minPassphrase = 10
	// askAnew: what a card is to sign is good for half an hour at the node. A page that is shown again asks for it anew after ten minutes, and a
	// form that was left open for longer than twenty is read once more before the PIN is used.
	askAnew   = 10 * time.Minute
	askedGood = 20 * time.Minute
	// posterSide of the printed code, in millimetres: a tenth of the distance that it is read from, and it still fits the page (case 19).
	posterSide = 90
	// workplaceKept: a browser at a desk stays there.
	workplaceKept = 365 * 24 * time.Hour
)
