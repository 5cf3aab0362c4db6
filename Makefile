# make demo    speech through the codec and back, with nothing but what a user installs
# make test    all tests        make lint    style and types        make bench    speed and quality
# make docs    the documentation site, in build/site
# Everything lives in .venv.

PYTHON ?= python3
VENV := .venv
# Real speech: train/, train.csv, valid/ and valid.csv
export SOTTO_SPEECH ?= ../shared/speech
# Whisper for word error rates: a name, or the folder of a model converted for CTranslate2
ASR ?= tiny.en
BIN := $(VENV)/bin
# One thread a process: the tests already use all cores.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: install voices sounds demo test lint docs bench clean

install: $(VENV)/dev

# Debian's python3 makes no pip in a new environment unless python3-venv is there; its own pip can.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install -q pip; }

$(VENV)/core: pyproject.toml $(wildcard $(foreach kind,cpp h,models/wavenet/*.$(kind) codec/bits/context/*.$(kind) native/*.$(kind))) | $(BIN)/python
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/dev: $(VENV)/core requirements-dev.txt
	$(BIN)/python -m pip install -q -r requirements-dev.txt
	@$(BIN)/python -m pip install -q -e ".[eval]" || \
		echo "No metrics: some are compiled when they are installed. Their tests are skipped."
	touch $@

# Voices in the box: to be made again with each new model
voices: $(VENV)/core
	for name in awb kal rms slt; do \
		$(BIN)/sotto voice make samples/$$name-* -o codec/voice/bundled/$$name.json -f || exit 1; done

# Sounds that README links to: to be made again with each new model
sounds: $(VENV)/core
	mkdir -p build/sounds
	for preset in low default max; do \
		$(BIN)/sotto encode --preset $$preset samples/slt-16k-mono.wav -o build/sounds/$$preset.sotto -f && \
		$(BIN)/sotto decode build/sounds/$$preset.sotto -o docs/sounds/$$preset.ogg -f || exit 1; done

demo: $(VENV)/core
	$(BIN)/sotto roundtrip samples -o demo --keep -f
	@echo "Listen to demo/*.wav; the .sotto files beside them are all that was sent."

test: $(VENV)/dev
	$(ONE_THREAD) $(BIN)/python -m pytest -n auto -m "not realtime"
	$(ONE_THREAD) $(BIN)/python -m pytest -m realtime

# mypy doesn't see where an editable install maps our folders; links show it.
lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(VENV)/types/sottovoce
	ln -sfn $(CURDIR)/sottovoce/__init__.py $(CURDIR)/sottovoce/py.typed $(VENV)/types/sottovoce/
	ln -sfn $(CURDIR)/codec $(CURDIR)/models $(CURDIR)/cli $(VENV)/types/sottovoce/
	MYPYPATH=$(VENV)/types $(BIN)/mypy --explicit-package-bases -p sottovoce

$(VENV)/docs: $(VENV)/core pyproject.toml
	$(BIN)/python -m pip install -q -e ".[docs]"
	touch $@

docs: $(VENV)/docs
	$(BIN)/python -m mkdocs build --strict

bench: $(VENV)/dev
	$(BIN)/python -m pip install -q -e ".[asr]"
	$(BIN)/python benchmarks/sampler.py | tee docs/benchmarks/speed.txt
	OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/encoding.py | tee docs/benchmarks/encoding.txt
	$(BIN)/python benchmarks/memory.py | tee docs/benchmarks/memory.txt
	$(BIN)/python benchmarks/streaming.py | tee docs/benchmarks/streaming.txt
	$(BIN)/python benchmarks/redundancy.py | tee docs/benchmarks/redundancy.txt
	$(BIN)/python benchmarks/voices.py $(SOTTO_SPEECH)/valid.csv | tee docs/benchmarks/voices.txt
	$(BIN)/python benchmarks/latents.py $(SOTTO_SPEECH)/valid.csv -o docs/benchmarks/latents
	$(BIN)/python benchmarks/tune.py $(SOTTO_SPEECH)/train -o docs/benchmarks/tuned
	$(BIN)/python benchmarks/context.py $(SOTTO_SPEECH) runs/codes --networks 8 | tee docs/benchmarks/context.txt
	$(BIN)/python benchmarks/losses.py $(SOTTO_SPEECH)/valid.csv | tee docs/benchmarks/losses.txt
	$(BIN)/python benchmarks/protection.py $(SOTTO_SPEECH)/valid.csv | tee docs/benchmarks/protection.txt
	$(BIN)/python benchmarks/messages.py sizes $(SOTTO_SPEECH)/valid.csv --every 6 | tee docs/benchmarks/messages.txt
	$(BIN)/python benchmarks/messages.py mutations | tee docs/benchmarks/message-mutations.txt
	$(BIN)/sotto evaluate $(SOTTO_SPEECH)/valid.csv -o runs/report \
		--against codec2,opus,speex,lc3,stage1:default,stage1:max --asr $(ASR) \
		--noise pink --snr 5,10 --loss 10 --burst 3 --tandem 2
	$(BIN)/sotto compare $(SOTTO_SPEECH)/valid.csv -o runs/families
	$(BIN)/sotto prepare $(SOTTO_SPEECH)/train -o runs/shards
	$(BIN)/python benchmarks/ladder.py runs/shards runs/ladder
	$(BIN)/sotto probe runs/ladder/* --speech $(SOTTO_SPEECH) -o runs/probes.json
	$(BIN)/python benchmarks/publish.py --codecs runs/report --families runs/families --probes runs/probes.json

clean:
	rm -rf $(VENV) build demo *.egg-info
