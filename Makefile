# make help lists the targets. On a fresh clone, `make demo` and `make test` work as the first command.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory
.NOTPARALLEL:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Go's own linker also with cgo: what gcc links has 3 MiB more of itself in memory, above the budget of a patient's node.
LDFLAGS  = -s -w $(if $(CARDS),-linkmode=internal )-X main.version=$(VERSION)
BIN     := bin/pieks

# Card readers (card/pcsc) need cgo, a C compiler and libpcsclite; without them all else is built and readers say that they are not there.
# Looked up whenever a recipe runs, since `make test` installs them first. With cgo, netgo and osusergo keep names and users in Go.
CARDS      = $(shell pkg-config --exists libpcsclite 2>/dev/null && command -v $${CC:-gcc} >/dev/null && echo ,pcsc,netgo,osusergo)
USERFLAGS := $(shell go env GOFLAGS)

# The same flags for everything but the race detector, so that the packages are compiled once. HTTP/2 is for nobody here (0.6 MB): the app is on
# loopback, and services take HTTP/1.1.
export CGO_ENABLED = $(if $(CARDS),1,0)
export GOFLAGS     = $(strip $(USERFLAGS) -trimpath -tags=nethttpomithttp2$(CARDS))

# What runs once for a command, a page or a settings file is not inlined: the program has to stay below 35 MB (design.md 19).
COLD  = pieks/cmd/... pieks/scenarios/... pieks/node/web/... pieks/node/home pieks/node/control pieks/node/checkin/... \
  github.com/alecthomas/kong go.yaml.in/yaml/v3 github.com/BurntSushi/toml github.com/miekg/dns github.com/godbus/dbus/v5 \
  github.com/nicksnyder/... github.com/prometheus/... github.com/gorilla/websocket html/template text/template/... golang.org/x/text/...
SMALL = $(COLD:%='-gcflags=%=-l')

FUZZTIME  ?= 10s
SCENARIOS ?= $(wildcard scenarios/*.yaml)

##@ Use
.PHONY: build demo
build: ## build bin/pieks, with card readers where libpcsclite-dev is installed
	go build $(SMALL) -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/pieks

demo: build ## show it all on this computer, until Ctrl-C
	$(BIN) demo

##@ Check
.PHONY: test tools lint cards race long scenarios fuzz bench screenshots
test: tools lint cards race long scenarios fuzz ## all of the checks below, in some 30 minutes on 2 cores
	@echo "make test: all passed"

tools: ## install what the tests need and this Debian lacks: a C compiler, card readers without hardware, a browser, OpenSSL, OpenSC and others as judges
	@missing=; \
	for need in gcc=gcc,libc6-dev openssl=openssl mkfs.ext4=e2fsprogs mount=mount pkg-config=pkg-config pcscd=pcscd,libccid opensc-tool=opensc \
	  chromium=chromium,fonts-dejavu-core pdftoppm=poppler-utils zbarimg=zbar-tools npm=npm; do \
	  PATH=$$PATH:/usr/sbin:/sbin command -v $${need%%=*} >/dev/null || missing="$$missing $$(tr , ' ' <<<"$${need#*=}")"; \
	done; \
	pkg-config --exists libpcsclite 2>/dev/null || missing="$$missing libpcsclite-dev"; \
	[ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || missing="$$missing vsmartcard-vpcd"; \
	if [ -n "$$missing" ]; then \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@[ -e bin/npm/node_modules/axe-core/axe.min.js ] || npm install --prefix bin/npm --no-audit --no-fund --silent axe-core@4.14.1

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	CGO_ENABLED=0 go vet -tags= ./card/pcsc/... # as it is without libpcsclite
	go tool staticcheck ./...

cards: ## say whether the tests with card readers can run here; with CI=true they have to
	@said=$$(go test -count=1 -v -run '^TestApart$$' ./card/pcsc/pcscd) || { echo "$$said"; exit 1; }; \
	grep -oE 'no card readers to test with: .*' <<<"$$said" || echo "card readers are tested with a pcscd of their own"

race: ## every test that is affordable with the race detector
	CGO_ENABLED=1 go test -race -short -timeout 20m ./... # cmd/pieks has 7 minutes of scripts

long: ## the packages that hold tests back from the race detector, in full and without it
	go test -timeout 10m $$(grep -rl 'testing.Short()' --include='*_test.go' . | xargs -n1 dirname | sort -u)

scenarios: build ## scripted end-to-end runs
	@printf '%s\n' $(SCENARIOS) | xargs -P 3 -n 1 $(BIN) scenario run --json 2>/dev/null

fuzz: ## every fuzz target for FUZZTIME (10s)
	@.ci/fuzz $(FUZZTIME)

bench: build ## measure this computer against the budget of the design
	@for name in search sheet cms booking checkin contention catchup pages idle relay; do $(BIN) bench $$name; done
	@$(BIN) bench contention --via relay

screenshots: tools ## pictures of every page of the demo, two sizes, light and dark, below bin/screenshots
	rm -rf bin/screenshots
	PIEKS_PICTURES=$(CURDIR)/bin/screenshots go test -count=1 -timeout 10m -run '^TestEveryPage$$' ./scenarios/browser
	@echo "$$(ls bin/screenshots | wc -l) pictures in bin/screenshots"

##@ Care
.PHONY: clean help
clean: ## remove what was built
	rm -rf bin

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
