# The whole vocabulary of this repository. `make` alone lists it.

UV ?= $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/bin/uv)
PY ?= python3
SERVICE := $(UV) run --frozen --no-default-groups
DEV := $(UV) run --frozen
# Files in the order of their names: where those of many tests go first, the few long tests are left
# for the end, when nothing else is there to be done beside them.
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder

# Images of containers forbid keeping compiled modules: then each of the hundreds of processes that
# tests start would compile all it imports, which doubles what the tests cost.
unexport PYTHONDONTWRITEBYTECODE

# The first line of every recipe: says what the target does, in the words of `make help`.
announce = @sed -n 's/^$@:.*\#\# */\n== $@: /p' Makefile

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z][a-z0-9-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## List these targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## */\1\t/p' Makefile | awk -F '\t' '{printf "%-16s %s\n", $$1, $$2}'

setup: $(UV) ## Install everything that developing needs, from the lock file
	$(announce)
	$(UV) sync --frozen
	@if command -v npm >/dev/null; then npm ci --prefix dashboards/kql --silent; \
	else echo "!! npm is not installed: NO QUERY of dashboards and alerts will be checked"; fi

run: $(UV) ## Start the service on http://127.0.0.1:8000, installing what it needs
	$(announce)
	$(SERVICE) eva serve

demo: $(UV) ## Ask this repository's own documents three questions, citations checked
	$(announce)
	$(SERVICE) eva demo

test: $(UV) ## Run the tests, save those that take minutes
	$(announce)
	$(DEV) pytest -m "not slow" $(PYTEST_ARGS)

lint: $(UV) ## Check style, formatting and the direction of imports
	$(announce)
	$(DEV) ruff check
	$(DEV) ruff format --check
	$(DEV) lint-imports

fmt: $(UV) ## Format the code and mend what can be mended
	$(announce)
	$(DEV) ruff check --fix
	$(DEV) ruff format

types: $(UV) ## Check types, strictly
	$(announce)
	$(DEV) mypy
	cd load-tests && $(DEV) mypy --config-file ../pyproject.toml --cache-dir ../.mypy_cache/load *.py

check: lint types test ## Run everything that a change must pass

bench: bench-api bench-retrieval bench-ingestion bench-storage bench-guards bench-resilience ## Run every benchmark

bench-api: $(UV) ## Measure requests beside a bare route (needs wrk)
	$(announce)
	$(DEV) python benchmarks/api.py

bench-retrieval: $(UV) ## Measure answers: quality and speed beside plain BM25
	$(announce)
	$(DEV) --group bench python benchmarks/retrieval.py

bench-ingestion: $(UV) ## Measure reading documents beside the bare libraries
	$(announce)
	$(DEV) python benchmarks/ingestion.py

bench-storage: $(UV) ## Measure the embedded store
	$(announce)
	$(DEV) python benchmarks/storage.py

bench-guards: $(UV) ## Measure what keys, limits, audit and problems add to a request
	$(announce)
	$(DEV) python benchmarks/guards.py

bench-resilience: $(UV) ## Measure what a guard adds to a call of a dependency
	$(announce)
	$(DEV) python benchmarks/resilience.py

crash: $(UV) ## Kill the service a hundred times and more, and check that nothing is lost
	$(announce)
	$(DEV) pytest tests/crash -m slow -n 0 -s

PROFILE ?= smoke
MODEL_MS ?= 800
ON_PEERS = $(if $(URL),,$(filter azure,$(BACKEND)))
# A Python that was compiled by hand without optimisation takes a fifth more CPU, and more, than a
# distribution's: load is measured on that, if there is one.
LOAD_PYTHON ?= $(shell /usr/bin/python3 -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)
ON_LOAD_PYTHON = $(if $(LOAD_PYTHON),UV_PYTHON=$(LOAD_PYTHON) UV_PROJECT_ENVIRONMENT=.tools/load)
load: $(UV) ## Put the service under load (PROFILE=smoke|average|peak|spike|soak|arrival|knee, BACKEND=azure), judge it
	$(announce)
	$(ON_LOAD_PYTHON) $(if $(ON_PEERS),PEERS_MODEL_MS=$(MODEL_MS) $(DEV) python -m tests.peers --load) \
		$(DEV) python load-tests/run.py --profile $(PROFILE) \
		$(if $(URL),--url $(URL)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(BACKEND),--backend $(BACKEND)) $(if $(REPORT),--report $(REPORT)) $(LOAD_ARGS)

load-azure: ## The same on the Azure peers, with a model that takes MODEL_MS (800)
	@$(MAKE) load BACKEND=azure

load-control: $(UV) ## Prove that a build that is slow on purpose fails its load test
	$(announce)
	$(DEV) pytest tests/load-tests -m slow -n 0

chaos: $(UV) ## Let things go wrong while clients go on (ONLY="name …"), and judge it
	$(announce)
	$(DEV) python -m chaos $(ONLY) $(if $(REPORT),--report $(REPORT))

chaos-at-load: $(UV) ## Let the database, then the model, be gone for a minute while fifty clients work
	$(announce)
	$(DEV) python -m chaos cosmos-outage-at-load model-outage-at-load $(if $(REPORT),--report $(REPORT))

chaos-control: $(UV) ## Without breakers, the experiment that they are for must fail
	$(announce)
	$(DEV) python -m chaos --no-breaker

chaos-report: $(UV) ## One page of the experiments' journals, with pictures
	$(announce)
	$(DEV) python -m chaos.page

authz: $(UV) ## Try every operation as everybody, and count what was tried
	$(announce)
	$(DEV) pytest tests/authz -n 0

e2e: $(UV) $(if $(URL),,peers-install) ## Run the end-to-end tests; URL and KEY name a service that runs
	$(announce)
	$(if $(URL),EVA_E2E_URL=$(URL) EVA_E2E_KEY=$(or $(KEY),$(error say whose: make e2e URL=… KEY=an-administrator's-key))) $(DEV) pytest tests/e2e -n 0

image-check: $(UV) ## Build the image twice and start it locked down (needs docker)
	$(announce)
	$(DEV) python -m pipelines.container $(if $(IMAGE),--image $(IMAGE)) $(if $(REPORT),--report $(REPORT))

compose-check: $(UV) ## Run what compose.yaml runs on the peers, from what their image copies, without an engine
	$(announce)
	$(DEV) pytest tests/peers/test_compose.py -m "slow or not slow" -n 0

# Left running where a service does not answer: `docker compose --profile azure logs` says why.
compose-up: ## Build and start all of compose.yaml, ask both services, end it (needs docker)
	$(announce)
	docker compose --profile azure up --build --detach
	for port in 8000 8001; do curl --fail --silent --show-error --output /dev/null \
		--retry 90 --retry-delay 2 --retry-all-errors http://127.0.0.1:$$port/readyz || exit 1; done
	docker compose --profile azure down --volumes

rehearse-deploy: $(UV) ## Release a good build and three bad ones here, while clients go on
	$(announce)
	$(DEV) python -m pipelines.deploy rehearse $(if $(REPORT),--report $(REPORT))

openapi: $(UV) ## Print the OpenAPI document
	@$(SERVICE) eva openapi

docs: $(UV) ## Write the generated pages anew
	$(announce)
	$(SERVICE) python -m app.settings > docs/settings.md
	$(SERVICE) eva openapi --table > docs/operations.md

dashboards: $(UV) ## Write anew what follows from objectives, causes and runbooks
	$(announce)
	$(DEV) python -m dashboards.generate

dashboard-pictures: $(UV) ## Record a run of a minute and a half, draw the dashboards from it
	$(announce)
	$(DEV) python -m tests.dashboards.pictures

restore-drill: $(UV) ## Back up a service at work, restore it elsewhere, compare; measure RPO and RTO
	$(announce)
	$(DEV) python -m pipelines.drills.restore $(if $(REPORT),--report $(REPORT))

slow-burn: $(UV) ## Ask WORKSPACE (an id) what burns too slowly for Azure's alerts to see (needs az)
	$(announce)
	$(DEV) python -m dashboards.slow_burn --workspace $(WORKSPACE)

peers-install: $(UV) ## Install the programs that stand in for Azure (Node; from lock files)
	$(announce)
	$(DEV) python -m tests.peers.node

peers: $(UV) ## Start all that stands in for Azure, a fault proxy in front of each; Ctrl+C ends it
	$(announce)
	@$(DEV) python -m tests.peers

run-azure: $(UV) ## Start the service and its worker, backend azure, on those peers
	$(announce)
	@$(DEV) python -m tests.peers --app

peers-test: $(UV) peers-install ## Run what needs the peers: adapters, contracts, faults, a service on them
	$(announce)
	$(DEV) pytest tests/peers tests/app/adapters/azure tests/contract tests/e2e/test_azure_peers.py \
		-m "not slow" $(PYTEST_ARGS)

contracts: $(UV) ## Run the contracts of the ports, and print what passed on which backend
	$(announce)
	CONTRACT_TABLE=1 $(DEV) pytest tests/contract -n 0 -q

cosmos-test: $(UV) ## Run the tests of the use cases with their records in the Cosmos DB peer
	$(announce)
	TEST_STORE=cosmos $(DEV) pytest tests/app/core $(PYTEST_ARGS)

e2e-azure: $(UV) ## Run every end-to-end scenario against a service on the peers
	$(announce)
	$(DEV) python -m tests.peers --app \
		$(DEV) pytest tests/e2e --ignore tests/e2e/test_azure_peers.py -n 0

# ---- infrastructure: STACK=dev|staging|prod; its packages have a lock of their own ----
INFRA := $(UV) run --project infra --frozen
INFRA_PYTEST := $(INFRA) python -m pytest tests/infra --confcutdir tests/infra -n 0
STACKS = $(or $(STACK),all)
ONE = $(or $(STACK),$(error say which: make $@ STACK=dev|staging|prod))
OUT ?= build/infra

infra-test: $(UV) ## Prove the stacks without Azure: graphs, policies, types, driver (REPORT=file keeps it)
	$(announce)
	$(INFRA_PYTEST) $(if $(REPORT),-q -o junit_family=xunit1 --junitxml $(REPORT))

infra-check: infra-test ## Prove the stacks, and check the types of their code (pyright, half a minute)
	$(announce)
	cd infra && $(UV) run --frozen pyright
	$(INFRA) eva-infra check all

infra-graph: $(UV) ## Draw the stacks as SVG pictures in OUT
	$(announce)
	$(INFRA) eva-infra graph $(STACKS) --out $(OUT)

infra-arm: $(UV) ## Write the stacks as Resource Manager templates in OUT
	$(announce)
	$(INFRA) eva-infra export-arm $(STACKS) --out $(OUT)

infra-cost: $(UV) ## Tell what a month of the stacks costs; what has no dated price is listed
	$(announce)
	$(INFRA) eva-infra cost $(STACKS)

infra-prices: $(UV) ## Read today's prices of the region of STACK into infra/prices (needs the network, no account)
	$(announce)
	$(INFRA) eva-infra prices $(ONE)

infra-containers: $(UV) ## Write what the service declares of Cosmos DB to where the stacks read it
	$(announce)
	EVA_BACKEND=azure AZURE_COSMOS_ENDPOINT=https://none AZURE_OPENAI_ENDPOINT=https://none \
		AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME=text-embedding-3-small EVA_AUDIT_KEY=vault:none \
		AZURE_KEY_VAULT_URL=https://none AZURE_STORAGE_ACCOUNT_NAME=none \
		$(SERVICE) eva azure init --print > infra/eva_infra/cosmos.json

infra-preflight: $(UV) ## Check secrets, quotas and regions of STACK before a deployment (needs az)
	$(announce)
	$(INFRA) eva-infra preflight $(ONE)

infra-preview: $(UV) ## Show what deploying STACK would change, with policies (needs pulumi; COMMENT=file)
	$(announce)
	$(INFRA) eva-infra preview $(ONE) $(if $(COMMENT),--comment $(COMMENT))

infra-up: $(UV) ## Deploy STACK if preflight and policies pass and no data is lost (IMAGE=name@sha256:…)
	$(announce)
	$(INFRA) eva-infra up $(ONE) $(if $(IMAGE),--image $(IMAGE))

infra-drift: $(UV) ## Tell how what is there differs from STACK; ends with 1 if it does (COMMENT=file)
	$(announce)
	$(INFRA) eva-infra drift $(ONE) $(if $(COMMENT),--comment $(COMMENT))

infra-outputs: $(UV) ## Tell the outputs of STACK
	@$(INFRA) eva-infra outputs $(ONE)

ci: ## Run what continuous integration runs
	.ci/run

.tools/bin/uv:
	@echo "uv is not installed: putting it into .tools"
	@$(PY) -m pip --version >/dev/null || { echo "$(PY) has no pip: install uv, or pip for $(PY)" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --target .tools 'uv>=0.13,<0.14'

# ---- the release gate: STAGE=pr|beta|production; ONLY=kind,kind names evidence to make anyway ----
STAGE ?= beta
CRITERION ?= F-01
GATE := $(DEV) eva-gate
EVIDENCE := $(DEV) python -m pipelines.readiness.evidence
SCANS := bandit,ruff-s,secrets,workflows,workflow-schema,dockerfile,uv-audit,pip-audit,safety,sbom,licences

scan: $(UV) ## Run every scanner that can run here, and keep its report as evidence
	$(announce)
	$(EVIDENCE) make --only $(SCANS)

evidence: $(UV) ## Make the evidence that STAGE demands and that is stale (STRICT=yes: a tool that fails, fails this)
	$(announce)
	$(EVIDENCE) make --stage $(STAGE)

gate: $(UV) ## Judge from the evidence whether this commit may go to STAGE; writes evidence/readiness
	$(announce)
	$(GATE) judge --stage $(STAGE)

explain: $(UV) ## Say all about one CRITERION of the gate: demands, findings, what to do
	@$(GATE) explain $(CRITERION)

verify: $(UV) ## Check the signed verdict of STAGE: signature, commit, policy, evidence, age (or of a PACK)
	@$(GATE) verify $(PACK) --stage $(STAGE) $(if $(KEY_ID),--key-id $(KEY_ID))

auditor-pack: $(UV) ## Put the verdict of STAGE and all that it takes to check it into one archive
	$(announce)
	$(GATE) auditor-pack --stage $(STAGE)
