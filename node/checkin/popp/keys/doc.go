// Package keys fetches the keys that verify the tokens of a PoPP service, and keeps them, so that a practice verifies without the internet.
//
// The service's entity statement and the signed key set that it names (metadata.oauth_resource.signed_jwks_uri) are fetched from the service's own
// host (package federation), and both are kept as they came. They go until the earlier of their ends, at most a week after they were fetched. While
// they are good, they are fetched again after an hour, and for a token with a key that is not among them, at most once in five minutes; if the
// service is not reached, the kept ones go on until their end, and then nothing is verified.
//
// Kept gives what a store keeps. New checks it again, so that damage is found; who can write to the store could put keys of their own there, since a
// statement is signed by keys that stand in it. As with all else in it, the store is trusted.
package keys
