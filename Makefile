# Everything the project does, from two commands: `make demo` to see it, `make check` to trust it.
# Needs Python 3.11 or newer, make and a package index.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
SAM := $(VENV)/bin/sam
PIP_INSTALL := -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r

export SAM_CLI_TELEMETRY := 0
# What one process compiled is there for the next, also where the environment says otherwise.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup run demo stack redeploy quick test coverage check lint types scan secrets format validate document schemas upgrade dead-letters access kept build deploy package docs deploy-console bench lock clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create the virtual environments (again when their pins change)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(MAKE) --silent --jobs=3 $(VENV)/.installed .local/sam-venv/.ready .local/emulator-venv/.ready
	@ln -sf ../../.local/sam-venv/bin/sam $(SAM)

$(VENV)/.ready: requirements/dev.txt
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) $(PIP_INSTALL) $<
	@touch $@

# The command line `ticket-status`, from cli/; changed code counts at once.
$(VENV)/.installed: $(VENV)/.ready pyproject.toml layers/common/ticket_status/__init__.py
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Two environments of their own: the SAM CLI pins libraries that the project uses newer,
# and what is installed beside the embedded AWS would leak into every local Lambda.
.local/%-venv/.ready: requirements/%.txt
	@echo "making .local/$*-venv"
	@$(PYTHON) -m venv --clear .local/$*-venv
	@.local/$*-venv/bin/python $(PIP_INSTALL) $<
	@touch $@

run: setup ## run everything here: embedded AWS, sample Jira sites, first sync; until Ctrl-C
	@$(PY) -m local run

demo: setup ## the same, but end after the table; fails unless every expected status was seen
	@$(PY) -m local demo

stack: setup ## the bare stack on the embedded AWS, in the foreground
	@$(PY) -m local stack

redeploy: setup ## bring changed code into the running local stack
	@$(PY) -m local redeploy

quick: setup lint types ## run before each commit, about a minute: lint, types, the tests that need no stack
	@$(PY) -m pytest -q $(PARALLEL) $(UNIT)
UNIT := tests/unit tests/sample_jira tests/handlers tests/template tests/cli

test: setup ## every test, the end-to-end ones against the embedded AWS (ARGS="-k name" for some)
	@$(PY) -m pytest $(PARALLEL) --numprocesses 6 $(ARGS)
# Tests that share a stack are a group, which one process runs (tests/scheduling.py). More processes than cores, since
# end-to-end tests wait a lot.
PARALLEL := --dist loadscope --numprocesses 3

coverage: setup ## coverage of the tests without a stack; fails unless every branch of core is covered
	@$(PY) -m pytest -q $(PARALLEL) --cov --cov-report= $(UNIT) tests/security
	@$(PY) -m coverage report --precision 1 --format total | sed 's/$$/ % of the branches of layers, functions and cli/'
	@$(PY) -m coverage report --include '*/ticket_status/core/*' --skip-covered --show-missing --fail-under 100

check: setup lint types validate document scan coverage test ## what CI runs

lint: setup ## ruff, all rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: setup ## mypy --strict, tests too
	@$(PY) -m mypy

# npm brings the two linters, pinned in tools/api_document/package-lock.json. With Node.js 20 redocly also prints a box
# about its end of life: that is about the machine, not the document.
document: .local/api-document/.ready ## check the API document with redocly and spectral (needs npm)
	@.local/api-document/node_modules/.bin/redocly lint docs/openapi.yaml --config tools/api_document/redocly.yaml
	@.local/api-document/node_modules/.bin/spectral lint docs/openapi.yaml --ruleset tools/api_document/spectral.yaml --fail-severity warn

schemas: setup ## write the request schemas of the API document, from the shapes in the code
	@PYTHONPATH=layers/common:. $(PY) -m tools.request_bodies

.local/api-document/.ready: tools/api_document/package-lock.json
	@command -v npm >/dev/null || { echo "npm (Node.js 20 or newer) is needed to lint docs/openapi.yaml"; exit 1; }
	@mkdir -p .local/api-document && cp tools/api_document/package.json tools/api_document/package-lock.json .local/api-document/
	@npm ci --prefix .local/api-document --silent --no-audit --no-fund
	@touch $@

validate: setup ## check the templates with SAM and cfn-lint
	@$(SAM) validate --lint --region us-east-1
	@.local/sam-venv/bin/cfn-lint $(INSIDE)
	@for example in xray consumers; do $(SAM) validate --lint --region us-east-1 --template examples/$$example/template.yaml; done

# The stacks inside the stack.
INSIDE := permissions.yaml monitoring.yaml console.yaml

# Each suppression is on the line or the resource that it is for, with its reason; checkov's are in the templates.
scan: setup secrets .local/scan-venv/.ready ## look for weaknesses: code (bandit), template (checkov), secrets (detect-secrets)
	@$(PY) -m bandit --quiet --recursive layers/common/ticket_status cli functions local sample_jira tools 2>/dev/null
	@.local/scan-venv/bin/checkov --file template.yaml $(INSIDE) --framework cloudformation --compact --quiet --skip-download

secrets: setup
	@find . .ci .github -type f -not -path './.*/*' -not -path './dist/*' -not -name '*.pyc' \
	 -not -path '*requirements*.txt' -print0 \
	 | xargs -0 .venv/bin/detect-secrets-hook --no-verify $(NO_SECRETS)
# Left to ruff and bandit, which read code: words beside a string (KeywordDetector).
# In events/*.json, which can have no comments: ids and handles of AWS.
NO_SECRETS := --disable-plugin KeywordDetector --exclude-lines '"(eventID|receiptHandle|md5OfBody)": "'

format: setup ## let ruff rewrite what it can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

dead-letters: setup ## show the dead letters of the sync; PUT_BACK=yes puts them back (STACK=ticket-status)
	@$(PY) -m tools.dead_letters --stack-name $(or $(STACK),ticket-status) $(if $(filter yes,$(PUT_BACK)),--put-back)

upgrade: setup ## convert what 0.1 stored, once, after deploying over it (STACK=ticket-status)
	@$(PY) -m tools.upgrade --stack-name $(or $(STACK),ticket-status)

access: setup ## print shell lines with the API's address and a token (STACK=name, CLIENT=name); SECRET=new|retire changes the client's secret
	@$(PY) -m tools.access --stack-name $(or $(STACK),ticket-status) $(if $(CLIENT),--client $(CLIENT)) $(if $(SECRET),--$(SECRET)-secret)

kept: setup ## list what a deleted stack left behind (STACK=name); BRING_BACK=yes imports it into a new stack, DELETE=name deletes it
	@$(PY) -m tools.kept --stack-name $(or $(STACK),ticket-status) $(if $(filter yes,$(BRING_BACK)),--bring-back) $(if $(DELETE),--delete $(DELETE))

build: setup
	@$(DEPLOY) --build-only

deploy: setup ## sam build and sam deploy to the AWS account of your environment (ENV=staging, STACK=name, YES=yes does not ask)
	@$(DEPLOY)
DEPLOY = $(PY) -m tools.deploy --config-env $(or $(ENV),default) $(if $(STACK),--stack-name $(STACK)) $(if $(filter yes,$(YES)),--yes)

package: build ## make dist/ticket-status-VERSION.zip, which deploys without the repository; BUCKET=name also uploads it
	@PYTHONPATH=layers/common $(PY) -m tools.package
	@$(if $(BUCKET),$(SAM) package --s3-bucket $(BUCKET) --s3-prefix ticket-status --output-template-file dist/ticket-status.yaml)

docs: setup .local/docs-venv/.ready .local/docs-js/.ready ## make dist/docs/index.html: the documentation, readable without a network (needs npm)
	@$(PY) -m tools.docs_site gather .local/docs
	@NO_MKDOCS_2_WARNING=1 .local/docs-venv/bin/mkdocs build
	@$(PY) -m tools.docs_site finish dist/docs
	@echo "dist/docs/index.html"

.local/docs-js/.ready: requirements/docs/package.json requirements/docs/package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed to make the pages: install Node.js" >&2; exit 1; }
	@mkdir -p .local/docs-js && cp $^ .local/docs-js/
	@npm ci --prefix .local/docs-js --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bench: setup .local/bench-venv/.ready ## measure, in about ten minutes; FULL=1 for up to a million tickets, ONLY=runs|verdicts|api|views|hints|cold|day for a part
	@PYTHONPATH=layers/common:. $(PY) -m bench $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))

deploy-console: setup ## upload the console's files to a stack deployed with ConsoleAccess (STACK=name)
	@$(PY) -m local.publish_console $(or $(STACK),ticket-status)

lock: ## renew the pins from requirements/*.in (needs uv)
	@uv pip compile $(LOCK) --no-annotate requirements/runtime.in -o layers/common/requirements.txt
	@for kind in cli client dev sam emulator scan bench docs; do uv pip compile $(LOCK) --generate-hashes requirements/$$kind.in -o requirements/$$kind.txt; done
LOCK := --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --strip-extras $(UNUSED)
# What drf-spectacular-sidecar names, of which only files are used.
UNUSED := --no-emit-package django --no-emit-package asgiref --no-emit-package sqlparse

clean: ## remove what was built or kept locally
	@rm -rf $(VENV) .local .aws-sam dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
