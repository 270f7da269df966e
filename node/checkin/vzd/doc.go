// Package vzd searches the FHIR directory of the Telematikinfrastruktur (FHIR-VZD) for institutions to check in at: it builds the search request
// (A_28514), which goes to a PoPP service or to the directory itself, and filters the result (A_28488). Facts: popp.md section 6.
//
// # Request
//
// A request is relative, "HealthcareService?" and parameters:
//
//	organization.active=true          always, as the directory's rules want it
//	organization.identifier           query's Telematik-ID, with its system
//	_text                             query's text and name: words of letters and digits, all of which have to be there. Dash (NOT), comma and bar
//	                                  (OR), dot and quotation mark have a meaning and cannot be escaped, so words are parted at them. A text that is
//	                                  a Telematik-ID stays whole, in quotation marks.
//	location.address-city             query's place; comma, bar, dollar, backslash and quotation mark are blanks
//	location.address-postalcode       query's postcode or its beginning, without a radius
//	location.near                     latitude|longitude|radius|km around query's whole postcode, at most 100 km
//	organization.type                 query's profession; all who pay are one kind, so three OIDs with commas (OR)
//	_include, _count                  organizations and locations come along, 100 hits at most
//
// A ready request of another app (fhirVzdSearchRequest) is taken apart and written anew by Prepare. It may begin with "/", "search/" or "fdv/search/". It
// is refused when it is absolute, searches anything but services, wants organizations that are not active, or has a parameter that is not on the list:
// chains and reverse chains reach persons. What says how the answer looks is replaced.
//
// # Result
//
// The bundle's entries count, not its total. Shown is a service, match and active, whose organization is in the bundle, is active, does not hide from
// patients (hide-versicherte), and has a profession on the list of node/checkin/directory. Kind is the profession's display text, else the list's. Alias only
// if it differs from the name. Address only of an institution of care, from the service's first location. Several Telematik-IDs are several institutions,
// for the user to choose. References go one step, so circles do not matter; one that leads nowhere leaves its service out, or its address.
//
// # What the directory learns
//
// Whoever answers, the directory or the PoPP service, learns what was looked for and from where it was asked, and nothing else of the patient. Nothing is
// asked before the user looks for something. The mesh's own directory is asked first by whoever uses both, and tells nobody.
package vzd
