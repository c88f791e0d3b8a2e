# make run: the window.  make test: every test.  Both set up all they need, from nothing, in .venv.
PYTHON ?= python3
BIN := .venv/bin
NATIVE := $(shell find native -name '*.[ch]' -o -name CMakeLists.txt -o -name binding.py)

.PHONY: run test bench bench-arm models fuzz runners runners-check test-board soak wheel clean
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
	for f in runs/demo/*.gguf; do case $$f in *-*) cp $$f models/stages;; *) cp $$f models;; esac; done

# Coverage-guided, where clang has libFuzzer (Debian: clang-14 libclang-rt-14-dev): 10 million models, then as many clouds.
CLANG ?= clang-14
RUNS ?= 10000000
FUZZ := $(CLANG) -std=c11 -O1 -g -ffp-contract=off -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Wno-unknown-pragmas \
	-DLIBFUZZER -pthread -Inative/include -Inative/src -Inative/runner native/src/*.c
fuzz: .venv/installed-test
	mkdir -p build/fuzz/models build/fuzz/clouds
	$(BIN)/python -m tests.native.fuzz_seeds build/fuzz
	$(FUZZ) native/tests/model_fuzz.c -o build/fuzz/model_fuzz -lm
	$(FUZZ) $(filter-out %/main.c,$(wildcard native/runner/*.c)) native/tests/cloud_fuzz.c -o build/fuzz/cloud_fuzz -lm
	build/fuzz/model_fuzz -runs=$(RUNS) -max_len=6000 -malloc_limit_mb=64 -timeout=10 build/fuzz/models build/fuzz/seeds
	BGNN_FUZZ_MODEL=build/fuzz/seeds/bf2.gguf BGNN_FUZZ_FILE=/dev/shm/bgnn-fuzz-cloud \
		build/fuzz/cloud_fuzz -runs=$(RUNS) -max_len=400 -malloc_limit_mb=64 -timeout=10 build/fuzz/clouds

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
