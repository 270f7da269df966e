package appcall

const (
	// maxParameters: five are known; apps and links add a few of their own.
	maxParameters = 32
	// maxSearch: directory requests of popp.md 6 have 300 bytes.
	maxSearch = 2048
	// maxCallBack: what browsers and phones take in an address for sure.
	maxCallBack = 2048
	// maxMessage: in code points, so that the answer stays an address that opens; the texts of the interface have 80.
	maxMessage = 200
)
