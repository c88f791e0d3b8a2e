# make run: the window.  make test: every test.  Both set up all they need, from nothing, in .venv.
PYTHON ?= python3
BIN := .venv/bin
NATIVE := $(shell find native -name '*.[ch]' -o -name CMakeLists.txt -o -name binding.py)

.PHONY: run test bench bench-arm models runners runners-check test-board soak wheel clean
run: .venv/installed
	@$(BIN)/bgnn-studio

test: .venv/installed-test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

bench: .venv/installed
	$(BIN)/python -m pip install -q -c constraints.txt -e .[bench]
	$(BIN)/python -m tests.bench

# Instructions of a pass on emulated ARM cores, and cycles by llvm-mca.
bench-arm: .venv/installed
	sh setup.sh bench-arm
	$(BIN)/python -m tests.bench.arm

models: .venv/installed
	$(BIN)/bgnn-studio train --config demo --resume --test
	cp runs/demo/*.gguf models

runners: .venv/installed-runners
	$(BIN)/python native/runner/build.py

runners-check: .venv/installed-runners
	$(BIN)/python native/runner/build.py --check

# Downloads 25 MB of Debian's arm64 packages once; needs apt, qemu-system-arm and dropbear-bin.
test-board: .venv/installed-test
	$(BIN)/python -m tests.boards.arm_checks

soak: .venv/installed-test
	$(BIN)/python -m tests.boards.soak 1000

wheel: .venv/installed
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

.venv/installed: pyproject.toml constraints.txt setup.sh $(NATIVE)
	sh setup.sh run
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

.venv/installed-test: .venv/installed
	sh setup.sh test
	$(BIN)/python -m pip install -q -c constraints.txt -e .[test]
	touch $@

.venv/installed-runners: .venv/installed
	$(BIN)/python -m pip install -q -c constraints.txt -e .[runners]
	touch $@

clean:
	rm -rf .venv build dist
