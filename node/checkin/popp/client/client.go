package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"

	"github.com/gorilla/websocket"

	"pieks/node/checkin/popp"
	"pieks/node/checkin/popp/zeta"
)

// ZETA is the ZETA client (spec 5.3.3), through which everything goes. *zeta.Guard is one; the interface exists because the ones for mobile apps are not there
// yet (OP-PoPP-3).
type ZETA interface {
	// Init is to be called before anything else, and again after it failed.
	Init(ctx context.Context, fqdn string) error
	// Execute makes a request. A *zeta.LoginError wants its user at their insurer's page first.
	Execute(ctx context.Context, r zeta.Request, d zeta.Details) (zeta.Response, error)
	// LoggedIn goes on with the request that a login was for, once. Forget does not.
	LoggedIn(ctx context.Context, state, code string) (zeta.Response, error)
	Forget(state string)
	// EndSession forgets the token of a session.
	EndSession(session string)
	// Connect opens a WebSocket.
	Connect(ctx context.Context, r zeta.Request) (*websocket.Conn, error)
}

// Config of a client.
type Config struct {
	FQDN      string // of the service, or its URL
	ZETA      ZETA
	UserAgent string // "" is DefaultUserAgent
	Compat    Compat
}

// DefaultUserAgent says no more than what program it is: a version would tell installations apart.
const DefaultUserAgent = "PIEKS/1"

var userAgents = regexp.MustCompile(`^[a-zA-Z0-9\-]{1,20}/[a-zA-Z0-9\-.]{1,15}$`) // UserAgentSchema

// common is what both sides' clients have.
type common struct {
	fqdn  string
	zeta  ZETA
	agent string
	is    Compat
}

func newCommon(c Config) (common, error) {
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	if !userAgents.MatchString(c.UserAgent) {
		return common{}, ErrUserAgent
	}
	return common{fqdn: c.FQDN, zeta: c.ZETA, agent: c.UserAgent, is: c.Compat}, nil
}

// Init sets the ZETA client up (A_28507).
func (c *common) Init(ctx context.Context) error { return c.zeta.Init(ctx, c.fqdn) }

// Place is where somebody checks in. Workplace may be "".
type Place struct {
	TelematikID popp.TelematikID
	Workplace   popp.WorkplaceID
}

// Client is a patient's.
type Client struct{ common }

// New makes one; Init comes next.
func New(c Config) (*Client, error) {
	inner, err := newCommon(c)
	if err != nil {
		return nil, err
	}
	return &Client{inner}, nil
}

// request makes one with parameters, where Compat wants them.
func (c *common) request(verb Verb, path string, parameters url.Values) (zeta.Request, error) {
	r := zeta.Request{Method: http.MethodPost, Path: path, Header: http.Header{"X-Useragent": {c.agent}}, Most: maxStatus}
	switch {
	case verb == GET:
		r.Method, r.Query = http.MethodGet, parameters
	case c.is.Parameters == InQuery:
		r.Query, r.Type, r.Body = parameters, zeta.TypeJSON, []byte("{}")
	case c.is.Parameters == InForm:
		r.Type, r.Body = zeta.TypeForm, []byte(parameters.Encode())
	default:
		flat := map[string]string{}
		for name, values := range parameters {
			flat[name] = values[0]
		}
		body, err := json.Marshal(flat)
		if err != nil {
			return zeta.Request{}, err
		}
		r.Type, r.Body = zeta.TypeJSON, body
	}
	return r, nil
}

// place are the parameters of a place. ParseTelematikID and ParseWorkplaceID have made sure that they are some.
func (c *common) place(at Place) url.Values {
	id, workplace := "telematikid", "workplaceid"
	if c.is.Name == NameCamel {
		id, workplace = "telematikId", "workplaceId"
	}
	v := url.Values{id: {string(at.TelematikID)}}
	if at.Workplace != "" {
		v.Set(workplace, string(at.Workplace))
	}
	return v
}
