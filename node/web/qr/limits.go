package qr

import "time"

const (
	// MaxPhotoBytes: the JPEG of a 48-megapixel phone has 8 to 12 MB.
	MaxPhotoBytes = 12 << 20
	// MaxPhotoPixels: phones send 12 megapixels as a rule and 48 only on demand; above, one is asked for a smaller picture.
	MaxPhotoPixels = 40 << 20
	// maxDecoded: what the decoder may take, by its own arithmetic: 40 megapixels of a camera's JPEG, 13 of a progressive one (which is kept
	// as coefficients until its end) and 20 of a PNG with 16 bits a channel.
	maxDecoded = 160 << 20
	// maxTime: somebody at the desk waits. A photo that shows a code is read in a fraction of it.
	maxTime = 3 * time.Second
	// feed: a JPEG's deadline is looked at whenever this many bytes have been read; a kilobyte of a hostile one can ask for much work.
	feed = 512
	// maxCentres: corners that may be parts of a code. Comparing all threes of them costs their cube: 60 ms for 300.
	maxCentres = 300
	// largest: a photo is not looked at in more pixels than this as it is; a code that is lost when shrunken is a few millimetres wide.
	largest = 16 << 20

	// quiet is the margin around a code, in modules (ISO/IEC 18004).
	quiet = 4
)
