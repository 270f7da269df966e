package cvc

import "errors"

// Errors of a certificate's form.
var (
	ErrCertificate = errors.New("CV certificate is damaged or of another structure")
	ErrTooLarge    = errors.New("CV certificate is larger than any of generation 2")
	ErrProfile     = errors.New("CV certificate has another profile identifier than 70, that of generation 2")
	ErrReference   = errors.New("CV certificate's name of holder or issuer has another length than generation 2 has")
	ErrAlgorithm   = errors.New("CV certificate's key is of a kind that is not supported")
	ErrPoint       = errors.New("CV certificate's public key is not a point of its curve")
	ErrFlagList    = errors.New("CV certificate has another list of rights than generation 2 has")
	ErrDate        = errors.New("CV certificate has a date that is none, or ends before it begins")
)

// Errors of a chain, one for each rule.
var (
	ErrRole        = errors.New("CV certificate is used for what it is not: root, Sub-CA and card have each their own kind")
	ErrUnknownRoot = errors.New("no root of this network stands behind the card's CV certificates: get the network file again")
	ErrIssuer      = errors.New("the card's CV certificate was not issued by the Sub-CA that the card has")
	ErrOtherList   = errors.New("CV certificate has a list of rights of another kind than its issuer's")
	ErrRights      = errors.New("CV certificate has rights that its issuer has not")
	ErrNotYetValid = errors.New("CV certificate is not valid yet: check the clock of this computer")
	ErrExpired     = errors.New("CV certificate has expired: ask the insurer for a new card")
	ErrSignature   = errors.New("CV certificate's signature is wrong")
	ErrIssue       = errors.New("a test CV certificate cannot be made like this")
)
