package reception

import (
	"testing"

	"pieks/node/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }
