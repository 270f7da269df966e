// Package card reads smart cards of the health professions, signs and checks enrolments with them, and has a virtual card for tests.
package card
