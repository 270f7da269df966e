// Package checkin is the protocol /pieks/checkin/1 between a patient and the desk of a practice.
package checkin
