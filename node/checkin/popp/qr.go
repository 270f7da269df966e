package popp

import (
	"bytes"
	"encoding/json"
	"fmt"

	"pieks/node/checkin/jose"
)

// qrType is the fixed value of typ (Tab_PoPP_Modul_Payload_stat_QRCode).
const qrType = "popp-checkin"

// QR is the static code at a reception.
type QR struct {
	TelematikID TelematikID
	Workplace   WorkplaceID // "" is none
}

// ParseQR reads the text of a code strictly (A_27595). Every refusal is ErrQR, with its reason behind it; nothing of the code is repeated.
func ParseQR(text []byte) (QR, error) {
	if len(text) > MaxQR {
		return QR{}, fmt.Errorf("%w (larger than %d bytes)", ErrQR, MaxQR)
	}
	o, err := jose.ParseObject(text)
	if err != nil {
		return QR{}, fmt.Errorf("%w (%w)", ErrQR, err)
	}
	for name := range o {
		if name != "tid" && name != "typ" && name != "wpid" {
			return QR{}, fmt.Errorf("%w (it holds more than a check-in needs)", ErrQR)
		}
	}
	if typ, err := o.Text("typ"); err != nil || typ != qrType {
		return QR{}, fmt.Errorf("%w (it is a code for something else)", ErrQR)
	}
	q, err := qrOf(o)
	if err != nil {
		return QR{}, fmt.Errorf("%w (%w)", ErrQR, err)
	}
	return q, nil
}

func qrOf(o jose.Object) (q QR, err error) {
	tid, err := o.Text("tid")
	if err != nil {
		return QR{}, err
	}
	if q.TelematikID, err = ParseTelematikID(tid); err != nil {
		return QR{}, err
	}
	if _, ok := o["wpid"]; !ok {
		return q, nil
	}
	wpid, err := o.Text("wpid")
	if err != nil {
		return QR{}, err
	}
	q.Workplace, err = ParseWorkplaceID(wpid)
	return q, err
}

// Text is what stands in the code: characters as they are, so that the code stays small.
func (q QR) Text() string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		TelematikID TelematikID `json:"tid"`
		Type        string      `json:"typ"`
		Workplace   WorkplaceID `json:"wpid,omitempty"`
	}{q.TelematikID, qrType, q.Workplace})
	if err != nil {
		panic(err) // three strings
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
