// Package client speaks to a PoPP service: Client for a patient's app (PoPP-Modul), Practice for a practice's program (Primärsystem). It is written from
// gemSpec_PoPP_Modul V1.0.0_CC and the OpenAPI files of gematik/api-popp, tag US-2_CC1, version 0.0.1 (gematik GmbH, Apache-2.0), of which nothing is
// copied here. Everything goes through a ZETA client (package zeta), which gets access tokens and has people log in.
//
// # Patient
//
//	CheckInHealthID              POST  /popp/patient/api/checkin/v1/checkin-request-healthid              -> Status
//	EGK.Next                     POST  /popp/service/v1/open-communication-ehc, once a command            -> command, at last Status
//	LoadPractitionerInformation  POST  /popp/patient/api/practitioner/v1/practitioner-information         -> FHIR bundle, a string in JSON
//	ReadStatus                   GET   /popp/patient/api/practitioner/v1/status-popp-information          -> Status
//
//	app            client                       service (through the guard)                  card
//	 | Next(nil)    | telematikid, workplaceid -->|                                             |
//	 |<-- Step -----|<-- commandApdu, expectedStatusWords                                       |
//	 |---------------------------------------------------------------- command, unchanged ----->|
//	 |<--------------------------------------------------------------- response ----------------|
//	 | Next(resp)   | + response -------------->|   eight times for a card without contacts     |
//	 |<-- Status ---|<-- state, message, id     |   challenge, certificates and pair verified   |
//
// An answer has exactly one of commandApdu and state. A dialogue is correlated by its ZETA session: each EGK has an access token of its own, so that two
// at the same time do not meet. A status word that was not expected is told to the service, and nothing more goes to the card. A card that was pulled is
// an error of the reader; a new EGK begins again with a new challenge.
//
// # Practice
//
//	Pull      GET        /popp/practitioner/api/v1/token-generation-ckeck-in (sic)  -> array of tokens, header X-WorkplaceID
//	Generate  WebSocket  /popp/practitioner/api/v1/token-generation-ehc
//
//	practice                                                            service
//	   | Start: version, cardConnectionType, clientSessionId  ------------->|
//	   |<------- StandardScenario: sequenceCounter 0, 1, ..., timeSpan, steps|   timeSpan 0: the last one
//	   | ScenarioResponse: one response for each step  -------------------->|
//	   |<------------------------------------------------- Token, or Error  |
//
// X-WorkplaceID names one workplace for all tokens of an answer. Pull asks until an answer is empty, and gives each token the workplace that it came with,
// so a service whose answers have one workplace each loses nothing (the double's do). No extension of the interface is needed for it. A service gives a
// token once: PullEach has each answer kept before it asks for the next, and what of an answer is no token, or no workplace, does not cost the rest.
//
// # Contradictions
//
// Specification, OpenAPI files and ZETA's newer schemas contradict each other. Each contradiction is a field of Compat; the first column is the zero
// value.
//
//	                        default                             other                                    field
//	verb of check-ins       POST (A_28501, A_28518)             GET (OpenAPI)                            CheckIn
//	verb of directory       POST (step 21)                      GET (OpenAPI)                            Directory
//	parameters of a POST    JSON body                           form, query (no document says)           Parameters
//	names                   telematikid (OpenAPI)               telematikId (steps 37, 51)               Name
//	card's answer           apdu_command_respose (A_28519)      apdu_command_response; apduresponse      Answer
//	around the details      app_authorization_details (A_28502) app_details (38); authorization_details  Details
//	identity provider       openIdProviderUrl (A_28502)         openid_provider (ZETA)                   Provider
//	workplace, GesundheitsID  optional, 1 to 64 (A_28629)       always, exactly 64 (OpenAPI)             Workplace
//	ConnectorScenario       refused: there is no Konnektor      opened, its signature not checked        Cards
//
// What needs no switch:
//
//	canceled, cancelled     both are read as popp.Canceled; the double writes either (service.Compat)
//	give-up time            72, 48 or 120 h by document: it is the service's. Texts use the configured hours
//	required members        commandApdu and state exclude each other, whatever the file says
//	pending                 "token made" or "not made": taken as no token yet
//	status call-back        described with a command by mistake: a state only
//	"unchanged" to the card without contacts the reader wraps commands in secure messaging; here they are as the service sent them
//	mobile ZETA flows       behind the interface ZETA (OP-PoPP-3)
//	status                  GET and the id in the address, in all documents (A_28677)
//
// # What an address may hold
//
// With the zero Compat: nothing of a person. A record's id (ReadStatus), a practice's own Telematik-ID (Pull) and, towards the guard, the insurer's
// identity provider (zeta) are in addresses because every document has them there. Compat OpenAPI puts the card's answers there, with name and KVNR: it is
// for services that take nothing else, and for tests.
//
// # Errors
//
// A *ServiceError has errorCode, HTTP status and when to retry (ten minutes after a 500). errors.Is tells what it amounts to:
//
//	79500 egk.ErrChallenge   79501, ErrorEgkBlocked egk.ErrBlocked   79118 egk.ErrPair   79502, 79503 egk.ErrOldCard
//	79510, WarningUnknownCertificates ErrUnknownCard                 79504 to 79509, 79116, 79117, 79514, ErrorEgkHandling ErrCard
//	79511, InvalidMessage ErrProtocol                                79513, UnsupportedWorkflow ErrWorkflow
//	other codes: ErrUnavailable with 5xx and 429, else ErrRefused
//
// # Requirements
//
//	A_27220  TLS and the status of the certificate    zeta/transport.go, zeta/staple.go
//	A_28501  check-in with the GesundheitsID          healthid.go; its details (A_28502) there, too
//	A_28503  its end, canceled or cancelled           status.go, popp.ParseState; its call-back is what LoggedIn returns
//	A_28507  initialising the ZETA client             Client.Init, zeta/guard.go
//	A_28508  execute with a login                     healthid.go, zeta/login.go
//	A_28517  the dialogue with the card               egk.go: exactly one of command and state, commands unchanged
//	A_28518  check-in with the card                   egk.go; its details (A_28519) there, too
//	A_28618  question to the directory by ZETA        directory.go; the request is package vzd's (A_28514), the reading too (A_28600)
//	A_28619  execute of the dialogue                  egk.go, zeta/execute.go
//	A_28629  workplaces                               popp.ParseWorkplaceID; fitted in healthid.go
//	A_28675  both ways of proof                       egk.go, healthid.go
//	A_28677  how a check-in stands                    status.go
//	A_27605  SSO: may, and does not                   each check-in has a login of its own
//
// # Limits
//
// Answers are at most 160 KiB (states and commands), 4 MiB (directory) and 2 MiB (tokens), commands 65,544 bytes, a dialogue 64 commands, a pull 64
// answers of 256 tokens, a WebSocket 16 scenarios of 63 steps. No redirect is followed. A request ends after 30 s, a message of a WebSocket after 40 s.
package client
