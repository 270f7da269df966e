// Package patient is the node of a patient, or of a relative who books for one. It is client of one relay at a time, keeps
// its region's slot sheets, searches them without asking anybody, and books with the practice itself.
//
// What it knows of its user stays in its store: the postcode goes nowhere (relays hear the region), and name and birth
// date go to a practice only after its card was verified, in the confirm of package booking.
// Each booking has its own keys and mailbox, so that neither relays nor two practices can tell that two are of the same person.
//
// With the code of a practice's poster it asks that practice for its own list (package ownlist) and books from it in the same way.
//
// Before its user has said a postcode it is client of no relay. A booking is moved by booking another one in its place; what was offered and is not wanted goes back to
// the practice; searches can go on and tell when they find something; and all of it can be erased.
//
// It remembers for two weeks the keys of the waiting rooms that its people were in, lets them be disclosed (package disclosure), and compares what others
// disclosed with them. Each disclosure has a host and an identity of its own, which end with it.
//
// # Check-ins
//
// A check-in (package checkin) goes from a practice's code to its list of arrivals:
//
//	consent   the institution was chosen and is shown; in memory only, and nothing leaves this computer (T27). The one exception is the question to a
//	          directory service that is set up, which holds what is looked for and nothing of who looks. The mesh's directory is a copy that is kept here.
//	proof     its user agreed; written down. Card or GesundheitsID come next, as often as it takes, within an hour
//	success   the practice, or the PoPP service, has it
//	pending   it waits: sealed at the practice's relays, or at the service
//	canceled  refused, given up after the time that was set, or ended by its user
//
// checkinrules.go has the rules, as functions over a record. A refusal, and what was agreed to and not proved, leave nothing. What is over is kept for thirty
// days, and the last ten for as long as no other takes their place; its keys go when nobody can answer any more.
//
// With the card, somebody drives the dialogue and this node passes commands and answers on, one at a time: the practice on a stream through its relay; the
// PoPP service; or, when a relay is reached and the practice is not, this node itself, with a challenge that binds the statement of the attempt. Then the
// answers are sealed for the practice and mailed, and the store keeps nothing of them but that envelope. Until the time is over it is posted again when
// relays have dropped it, the practice's mailbox answer is watched for together with those of bookings, and the practice is asked now and then. A verdict that
// arrives after the check-in was given up here counts, since the practice has the data then.
//
// Requirements of gemSpec_PoPP_Modul that are met here:
//
//	A_27595  codes: strict, nothing resolved, its user sent to the staff   checkinfind.go (scan), package popp; camera and photo: node/web, cmd/pieks
//	A_27621  consent before the KVNR leaves                                checkinrules.go (agree, mayProve)
//	A_28488  what is shown, no hit                                         checkinfind.go, packages directory and vzd
//	A_28501  POST for a check-in with the GesundheitsID                    checkinservice.go, package popp/client
//	A_28502  authorization details                                         checkinservice.go (loginAtService), package popp/client
//	A_28503  outcome, pending, time until it is given up                   checkinrules.go (tell, expire), checkinmail.go
//	A_28507  ZETA client set up: with the first question, not at the start, since nothing may leave before the consent   checkinservice.go (start)
//	A_28508, A_28618, A_28619  calls of the ZETA client                    checkinservice.go
//	A_28509  GesundheitsID offered only where there is one                 checkinrules.go (proofs)
//	A_28510  answer to the calling app                                     checkinmethods.go (shown), package appcall
//	A_28511  history with name and address, the last ten                   checkinmethods.go (list)
//	A_28512  favourites, without a new look-up                             favourites.go, checkinfind.go (candidates)
//	A_28513  a GesundheitsID is offered to who has none, three times       checkinrules.go (offersHealthID)
//	A_28514, A_28515, A_28600  search in the directory service             checkinfind.go, package vzd
//	A_28516  outcome in words                                              node/web/patient, cmd/pieks/checkinstart.go
//	A_28517, A_28518, A_28519  dialogue with the card                      checkincard.go, checkinservice.go
//	A_28576  call over HTTP                                                node/web/patient, package appcall. The FQDN of an insurer's app is not ours to have
//	A_28629  workplace ids                                                 checkinmethods.go (checkBegin), package popp
//	A_28645  call from Go: state returned                                  checkinapp.go
//	A_28675  GesundheitsID and eGK                                         checkinlogin.go, checkincard.go
//	A_28677  status of a check-in                                          checkinmail.go (askHow), checkinservice.go (askService)
//	A_27220  TLS to the service                                            package popp/zeta
//	A_27605  single sign-on of an ePA-FdV: optional, and this is none
//	8        test driver                                                   pieks checkin step, every step with --json
package patient
