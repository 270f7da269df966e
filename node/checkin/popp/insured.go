package popp

// KVNR is the unchangeable part of an insurance number, IK the number of an insurer.
type (
	KVNR string
	IK   string
)

// ParseKVNR checks form and check digit: for what people type.
func ParseKVNR(s string) (KVNR, error) {
	k := KVNR(s)
	if err := k.CheckForm(); err != nil {
		return "", err
	}
	// § 290 SGB V: the letter as 01 to 26, then eight digits, weighed 1, 2, 1, 2 ...
	letter := int(s[0]-'A') + 1
	digits := []int{letter / 10, letter % 10}
	for i := 1; i <= 8; i++ {
		digits = append(digits, int(s[i]-'0'))
	}
	if crossSums(digits, 1) != int(s[9]-'0') {
		return "", ErrKVNRDigit
	}
	return k, nil
}

// ParseIK checks form and check digit: for what people type.
func ParseIK(s string) (IK, error) {
	i := IK(s)
	if err := i.CheckForm(); err != nil {
		return "", err
	}
	// Gemeinsames Rundschreiben IK: the third to the eighth digit, weighed 2, 1, 2, 1, 2, 1.
	var digits []int
	for at := 2; at <= 7; at++ {
		digits = append(digits, int(s[at]-'0'))
	}
	if crossSums(digits, 2) != int(s[8]-'0') {
		return "", ErrIKDigit
	}
	return i, nil
}

// crossSums weighs digits in turn by first and the other of 1 and 2, and adds up the digits of the products, modulo 10.
func crossSums(digits []int, first int) int {
	sum, weight := 0, first
	for _, d := range digits {
		product := d * weight
		sum += product/10 + product%10
		weight = 3 - weight
	}
	return sum % 10
}

// CheckForm is for protocols, whose examples have wrong check digits.
func (k KVNR) CheckForm() error {
	if len(k) != 10 || k[0] < 'A' || k[0] > 'Z' || !digits(string(k[1:])) {
		return ErrKVNR
	}
	return nil
}

// CheckForm is for protocols, whose examples have wrong check digits.
func (i IK) CheckForm() error {
	if len(i) != 9 || !digits(string(i)) {
		return ErrIK
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}
