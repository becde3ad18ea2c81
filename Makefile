# make run   builds the server, serves Examples/models and decides Examples/card-fraud
# make test  builds everything and runs every test
# make demo  a minute of simulated card payments, from events to decisions
.DEFAULT_GOAL := help
SHELL := /bin/bash

STATE := .needletail
VENV := $(STATE)/venv
MODELS_VENV := $(STATE)/models-venv
BINARY := .build/release/needletail
RUN_FLAGS ?=
BENCH_FLAGS ?=
DEMO_FLAGS ?=
PYTEST_FLAGS ?=
# Rooms whose tests talk over sockets, with times that count: they run apart from those that compute,
# one after the other. Hundreds at once would wait for each other's processor, and for nothing else.
SOCKET_TESTS := ^(GatewayTests|LoadGeneratorTests|NeedletailTests|CommandTests)\.
STATIC := $(if $(filter Linux,$(shell uname -s)),--static-swift-stdlib)

.PHONY: help
help:
	@echo "make run          build, then serve Examples/models on 8000 (HTTP), 8001 (gRPC), 8002 (metrics)"
	@echo "                  RUN_FLAGS='--http-port 9000' adds flags of 'needletail serve'"
	@echo "make test         all tests: Swift, then real clients against the real server"
	@echo "make demo         a minute of simulated card payments: train, serve, decide, judge; about"
	@echo "                  five minutes in all; DEMO_FLAGS='--seconds 10' is shorter"
	@echo "make bench        the speed targets, measured; BENCH_FLAGS='--quick' takes two minutes"
	@echo "make server       the release binary, $(BINARY)"
	@echo "make onnxruntime  fetch ONNX Runtime into $(STATE)/onnxruntime"
	@echo "make models       train and write the example models again"
	@echo "make format       format the Swift sources"
	@echo "make clean        remove what was built and fetched"

.PHONY: run
run: server
	$(BINARY) serve --model-repository Examples/models \
	  --pipeline Examples/card-fraud/pipeline.yaml --state $(STATE)/state $(RUN_FLAGS)

# Each runner ends with a line that counts its tests; these lines are repeated last.
.PHONY: test
test: dependencies-test onnxruntime $(VENV)/ready
	swift build --build-tests
	@set -o pipefail; swift test --skip-build --skip '$(SOCKET_TESTS)' 2>&1 \
	  | tee $(STATE)/swift-test.log
	@set -o pipefail; swift test --skip-build --no-parallel --filter '$(SOCKET_TESTS)' 2>&1 \
	  | tee $(STATE)/swift-socket-test.log
	swift build -c release --product needletail $(STATIC)
	@set -o pipefail; $(VENV)/bin/python -m pytest Tests/Interoperability $(PYTEST_FLAGS) 2>&1 \
	  | tee $(STATE)/pytest.log
	@grep -h 'Test run with' $(STATE)/swift-test.log $(STATE)/swift-socket-test.log
	@tail -n 1 $(STATE)/pytest.log

.PHONY: bench
bench: dependencies-bench onnxruntime $(VENV)/ready server
	$(VENV)/bin/python Benchmarks/run.py $(BENCH_FLAGS)

.PHONY: demo
demo: server $(MODELS_VENV)/ready
	$(MODELS_VENV)/bin/python tools/demo/run.py $(DEMO_FLAGS)

.PHONY: server
server: dependencies-run onnxruntime
	swift build -c release --product needletail $(STATIC)

.PHONY: onnxruntime
onnxruntime: dependencies-run
	@tools/fetch_onnxruntime --quiet

.PHONY: models
models: server $(MODELS_VENV)/ready
	$(MODELS_VENV)/bin/python -W ignore tools/make_models.py
	$(MODELS_VENV)/bin/python tools/demo/run.py --write-example

.PHONY: format
format:
	swift format --in-place --recursive Package.swift \
	  $$(find Sources Tests -name '*.swift' -not -path '*/Generated/*')

.PHONY: clean
clean:
	rm -rf .build $(STATE)

.PHONY: dependencies-run dependencies-test dependencies-bench
dependencies-run dependencies-test dependencies-bench: dependencies-%:
	@tools/install_dependencies.sh $*

$(VENV)/ready: tools/requirements-test.txt | dependencies-test
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(MODELS_VENV)/ready: tools/requirements.txt | dependencies-test
	python3 -m venv $(MODELS_VENV)
	$(MODELS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@
