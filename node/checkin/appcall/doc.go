// Package appcall is how another app has a check-in made (initPoppTokenGeneration, A_28576) and gets its outcome back (callBackApp, A_28510).
//
// # Call
//
//	GET ...?telematikId=1-234567890&workplaceId=REZEPTION-1&callBackAppURL=https%3A%2F%2Fapp.example%2Fback&loginEgk=true
//
//	telematikID           the institution; or else
//	fhirVzdSearchRequest  a search request for the directory, which its user chooses from. Beside a telematikID it is not used
//	workplaceId           optional
//	callBackAppURL        where the outcome goes, also callBackURL and callBackMethod
//	loginEgk              true or false: the eGK has to be used; without it, false
//
// The specification spells these names in several ways (popp.md 2.7): they are taken in any case. Each may be there once, in one spelling; an empty
// one is not there. Others are passed over. Whether a search request is one for institutions is package vzd's to say.
//
// # Answer
//
// The call-back address is opened in the browser with state, message and id of the outcome (popp.Status) behind what it had. It is an https one, or
// one of a private scheme in reverse-domain form (RFC 8252 section 7.1): com.example.app:/back. Nothing else is opened: javascript:, data:, file:,
// intent: and http: are ways to make a browser or a phone do something, or to have an answer read on its way. An address that has one of the three
// names already is refused: its app would read its own value for ours.
//
// Nothing of the patient is in an answer: a message in which something stands that looks like an insurance number is left out.
package appcall
