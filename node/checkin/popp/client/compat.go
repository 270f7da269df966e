package client

// Compat says which of two readings of the interface a service has. Specification (gemSpec_PoPP_Modul V1.0.0_CC) and OpenAPI files (api-popp, US-2_CC1)
// contradict each other; the table is in this package's documentation. The zero value is what keeps most out of addresses and logs.
type Compat struct {
	CheckIn    Verb           // of both check-ins
	Directory  Verb           // of the question to the directory
	Parameters Parameters     // where a POST has them
	Name       NameSpelling   // of the Telematik-ID, and of the workplace
	Answer     AnswerKey      // what a card's answer is called
	Details    DetailsForm    // what surrounds authorization details
	Provider   ProviderKey    // what an identity provider is called in them
	Workplace  WorkplaceRule  // of a check-in with the GesundheitsID
	Cards      ConnectorCards // whether a signed scenario is taken
}

// OpenAPI is what the OpenAPI files say throughout. Card answers, which hold name and insurance number, are in addresses then.
var OpenAPI = Compat{CheckIn: GET, Directory: GET, Answer: AnswerQuery, Details: DetailsZETA, Provider: ProviderZETA, Workplace: WorkplaceExact}

// Verb of a request.
type Verb uint8

const (
	POST Verb = iota // A_28501, A_28518; step 21 for the directory
	GET              // OpenAPI; everything is in the address
)

// Parameters are where a POST has its parameters; A_28501 does not say.
type Parameters uint8

const (
	InJSON Parameters = iota
	InForm
	InQuery // as the OpenAPI files have it for GET
)

// NameSpelling of parameters.
type NameSpelling uint8

const (
	NameLower NameSpelling = iota // telematikid, workplaceid: OpenAPI
	NameCamel                     // telematikId, workplaceId: steps 37 and 51
)

// AnswerKey is where a card's answer is.
type AnswerKey uint8

const (
	AnswerRespose  AnswerKey = iota // "apdu_command_respose" in the details: A_28519, letter by letter
	AnswerResponse                  // "apdu_command_response": what it was meant to be
	AnswerQuery                     // the parameter "apduresponse": OpenAPI
)

// DetailsForm is what surrounds authorization details.
type DetailsForm uint8

const (
	DetailsApp  DetailsForm = iota // "app_authorization_details": a list with a type each (A_28502, A_28519)
	DetailsFlow                    // "app_details": one object (step 38)
	DetailsZETA                    // "authorization_details": a list with a type each (RFC 9396; ZETA)
)

// ProviderKey is what names an identity provider.
type ProviderKey uint8

const (
	ProviderURL  ProviderKey = iota // "openIdProviderUrl": A_28502
	ProviderZETA                    // "openid_provider": ZETA's schema of 2026
)

// WorkplaceRule is what a check-in with the GesundheitsID takes as a workplace.
type WorkplaceRule uint8

const (
	WorkplaceFree  WorkplaceRule = iota // none, or 1 to 64 characters (A_28501, A_28629)
	WorkplaceExact                      // always one, of exactly 64 characters (OpenAPI): a shorter one is filled up with spaces
)

// ConnectorCards says what a practice does with scenarios signed for a Konnektor.
type ConnectorCards uint8

const (
	ConnectorRefused ConnectorCards = iota // there is no Konnektor here
	ConnectorOpened                        // the scenario inside is run as it is; its signature is not checked
)
