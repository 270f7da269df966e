// Package booking is how a patient and a practice agree on an appointment.
package booking
