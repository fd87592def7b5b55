# Two commands do everything on a fresh machine: `make app` opens Winnow on a demo workspace, `make test` checks it all.

PYTHON ?= python3
VENV ?= .venv
WORKSPACE ?= demo-workspace
PORT ?= 8501
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile
READY := $(VENV)/.installed

.PHONY: app test test-full lint types packages benchmarks catalogues screenshots clean

app: $(READY)
	@test -e "$(WORKSPACE)/workspace.toml" || $(BIN)/winnow demo --workspace "$(WORKSPACE)" --detach
	$(BIN)/winnow app --workspace "$(WORKSPACE)" --port $(PORT)

test: $(READY) packages lint types
	$(PYTEST)

test-full: $(READY) packages lint types
	$(PYTEST) --long

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Python packages come from PyPI; a browser and fonts come from the system.
packages:
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk fontconfig"; \
	if [ -n "$$missing" ]; then \
	  echo "The tests need these Debian packages:$$missing"; \
	  echo "Install them with: apt-get install --no-install-recommends$$missing"; exit 2; fi

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] >= (3, 11) else "Winnow needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $(READY)

benchmarks: $(READY)
	for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script || exit 1; done

# Takes new interface texts into the catalogues, compiles them, and names what is left to translate.
catalogues: $(READY)
	$(BIN)/python -m components.catalogues

# The pictures of docs/tour.md, from a finished demo.
screenshots: $(READY) packages
	test -e "$(WORKSPACE)/workspace.toml" || $(BIN)/winnow demo --workspace "$(WORKSPACE)"
	$(BIN)/python docs/screenshots.py --workspace "$(WORKSPACE)"

clean:
	rm -rf $(VENV) build *.egg-info
