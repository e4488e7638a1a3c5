# Two commands matter: make run and make test.  Each sets up what it needs by itself.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONUTF8 = 1

.PHONY: run test setup lint clean

run: .venv/.run
	$(BIN)/python -m bot demo $(if $(PORT),--port $(PORT)) $(if $(EMPTY),--empty)

test: .venv/.test
	$(BIN)/python $(COVER) -m pytest -n auto --dist worksteal $(PYTEST)

setup: .venv/.run

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

clean:
	rm -rf .venv build *.egg-info

# uv where it is installed, venv and pip where it is not.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	if command -v uv >/dev/null; then uv venv --python $(PYTHON) .venv; else $(PYTHON) -m venv .venv; fi
	touch $@

.venv/.run: .venv/.made pyproject.toml constraints.txt
	$(call install,.[meaning])
	touch $@

.venv/.test: .venv/.made pyproject.toml constraints.txt
	$(call install,.[meaning$(comma)traces$(comma)dev])
	touch $@ .venv/.run

comma := ,
define install
if command -v uv >/dev/null; then uv pip install --python $(BIN)/python -c constraints.txt -e "$(1)"; else $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e "$(1)"; fi
endef
