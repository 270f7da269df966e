package patient

import (
	"context"
	"errors"

	"pieks/node/control"
)

var errNoService = errors.New("no PoPP service is set up here")

// hasService says whether institutions outside of the mesh can be checked in at.
func (c *checkins) hasService() bool { return false }

func (c *checkins) askService(context.Context, *checkinEntry) error { return errNoService }

func (c *checkins) askServiceForCard(context.Context, *checkinEntry) (dialogue, error) {
	return nil, errNoService
}

func (c *checkins) loginAtService(context.Context, *checkinEntry, string, string) (at, state string, err error) {
	return "", "", errNoService
}

func (c *checkins) finishLoginAtService(context.Context, *checkinEntry, control.CheckinLoggedIn) (verdict, error) {
	return verdict{}, errNoService
}

func (c *checkins) searchDirectory(context.Context, string) ([]control.Institution, error) {
	return nil, errNoService
}
