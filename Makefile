# The two commands a newcomer needs are `make report` and `make test`; both make the environment first where it is missing.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: help setup report gallery test test-all test-oldest coverage bench faults lint format lock figures stored docs clean

help:
	@echo "make report   train on the handwritten digits and write reports/oversmoothing/index.html"
	@echo "make gallery  make every report and reports/index.html, which shows them all"
	@echo "make test     run the test suite"
	@echo "make test-all run every test and every combination, also those that take long (about a quarter of an hour)"
	@echo "make test-oldest run the tests of the library with the oldest dependencies that pyproject.toml allows (another 2 GB)"
	@echo "make coverage run the tests and list the lines and branches that none of them reaches"
	@echo "make bench    compare speed with PyG and with a naive CNA (about 20 minutes; BENCH=epochs for one part)"
	@echo "make faults   kill, damage and mislead the library in bulk and print what did not hold (FAULTS=corruption for one part)"
	@echo "make lint     check style, types, import contracts and notebooks"
	@echo "make setup    make .venv with the pinned environment (the others do it where it is missing)"
	@echo "make format   format code and notebooks, strip notebook outputs"
	@echo "make figures  draw figures/ and the results of the README again, from the reports"
	@echo "make stored   train the records that come with the package again (after a raised RESULTS_VERSION)"
	@echo "make docs     build the documentation as a site that works offline, site/index.html; nothing is trained"
	@echo "make lock     pin the versions that are installed now"
	@echo "make clean    remove what the tools left, never runs/ or reports/"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@echo "==> making .venv with the pinned environment (about 2 GB; some minutes)"
	$(PYTHON) -c 'import sys; sys.exit("cna_viz needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -c constraints.txt -e ".[dev]"
	@touch $(STAMP)

report: $(STAMP)
	@echo "==> training on the handwritten digits and writing the report (about a minute on two idle cores)"
	$(BIN)/cna-viz report oversmoothing
	@echo "==> open reports/oversmoothing/index.html in a browser"

gallery: $(STAMP)
	@echo "==> making every report on the handwritten digits (about a quarter of an hour on two idle cores)"
	$(BIN)/cna-viz report --all
	@echo "==> open reports/index.html in a browser"

# Without bytecode each process rewrites the asserts of all tests again, which takes it eight seconds.
test test-all test-oldest coverage: export PYTHONDONTWRITEBYTECODE =

test: $(STAMP)
	@echo "==> running the tests"
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

test-all: $(STAMP)
	@echo "==> running all tests"
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal --ignore tests/browser -m "slow or not slow"
	$(BIN)/python -m pytest tests/browser -m "slow or not slow"

# Whatever the oldest versions warn of is none of our business; only what they can't do is.
OLDEST := .venv-oldest

$(OLDEST)/installed: pyproject.toml .ci/oldest.py
	@echo "==> making $(OLDEST) with the oldest versions that pyproject.toml allows (about 2 GB; some minutes)"
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) .ci/oldest.py > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check --progress-bar off -r $(OLDEST)/oldest.txt -e .
	@touch $@

test-oldest: $(OLDEST)/installed
	@echo "==> running tests with the oldest dependencies"
	$(OLDEST)/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -W default -m "not slow and not subprocess" \
		tests/config tests/data tests/nn tests/models tests/measures tests/training tests/recording tests/records tests/analysis tests/figures

coverage: $(STAMP)
	@echo "==> running the tests, noting what they reach"
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal --ignore tests/browser --cov --cov-report term --cov-report html:coverage

# BENCH names parts (epochs, slot, arxiv, weights, imports, recording, watch, memory, measures, sweeps, statistics, claims, browser, sizes) and options, such as BENCH="epochs --data ../data".
bench: $(STAMP)
	@echo "==> measuring speed; use an idle machine"
	$(BIN)/python -m benchmarks.run $(BENCH)

# FAULTS names parts (see faults/run.py) and options, such as FAULTS="corruption --seed 1".
faults: $(STAMP)
	@echo "==> trying what must hold when things go wrong"
	$(BIN)/python -m faults.run $(FAULTS)

lint: $(STAMP)
	@echo "==> checking style, notebooks, types and import contracts"
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/nbstripout --verify notebooks/*.ipynb
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/nbstripout notebooks/*.ipynb
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

figures: $(STAMP)
	@echo "==> executing the reports and drawing figures/ (needs an installed Chrome or Chromium; some minutes)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[images]"
	$(BIN)/python figures/draw.py

stored: $(STAMP)
	@echo "==> training the runs of the grid lesson into cna_viz/stored"
	rm -rf cna_viz/stored
	OMP_NUM_THREADS=1 $(BIN)/cna-viz sweep lesson --runs cna_viz/stored
	rm -rf cna_viz/stored/.locks

# With the pages that are in reports/; the tables in docs/ are those of the code.
docs: $(STAMP)
	@echo "==> building site/ (less than a minute)"
	$(BIN)/python docs/tables.py
	rm -rf site
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env --doctree-dir site/.doctrees --conf-dir docs . site
	rm -rf site/.doctrees site/.buildinfo
	@echo "==> open site/index.html in a browser"

# The build of torch for the CPU carries a local version (+cpu) that no registry lists.
lock: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt
	@echo "==> now put the same versions of the direct dependencies into environment.yml; tests/test_packaging.py says which"

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage* coverage build dist site
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
