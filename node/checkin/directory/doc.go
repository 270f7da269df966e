// Package directory is the list of institutions that take check-ins: signed by their own devices, verified by everybody who keeps a copy.
package directory
