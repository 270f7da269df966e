// Package control is how a command speaks to the running node of its home: HTTP with JSON over a Unix socket that only
// this user can reach, with a bearer token from a file that only this user can read.
//
// A node writes HOME/control.json, mode 0600, when it listens: {"address", "token", "pid", "role"}; it removes the file
// when it stops. The address is the path of a Unix socket: HOME/control.sock, or a socket in a fresh directory of mode
// 0700 below the temporary directory where that path is longer than a socket address can be.
//
// Each method is POST /v1/METHOD with the header "Authorization: Bearer TOKEN" and the JSON request as body (an empty
// body or null where the method takes nothing), at most [MaxBodyBytes]; the answer is the JSON result with status 200,
// or {"error", "kind"} with a sentence for people:
//
//	kind         status  meaning
//	usage        400     the request is wrong; asking again changes nothing
//	denied       401     the token is not this node's
//	not_found    404     no such slot, token, booking or method
//	conflict     409     the state does not allow it, for instance because someone else was faster
//	unavailable  503     not now: no relay reachable, bundle expired, practice offline
//	failed       500     everything else
//
// Every answer of a node in a test network carries the header "Pieks-Test: true", and whoever shows it says TEST.
//
// Neither path nor error carries personal data. A browser cannot speak to a Unix socket, so no Host or Origin is checked.
package control
