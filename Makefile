# nginx-auth-id-token. "make help" lists the targets.

BUILD     ?= build
NGINX_BIN ?= $(or $(shell command -v nginx),/usr/sbin/nginx)
NGINX_SRC ?= /usr/share/nginx/src
JOBS      ?= $(shell nproc)
CC         = gcc
CXX        = g++
AR         = ar

ifneq ($(words $(CURDIR)) $(words $(BUILD)),1 1)
$(error nginx's makefiles take no path with a blank: "$(CURDIR)", "$(BUILD)")
endif

B      := $(abspath $(BUILD))
module := ngx_http_auth_id_token_module.so

core_sources := $(sort $(wildcard src/core/*/*.cc))
core_headers := $(sort $(wildcard src/core/*/*.h))
ngx_sources  := $(sort $(wildcard src/nginx/*/*.cc))
ngx_headers  := $(sort $(wildcard src/nginx/*/*.h))
unit_sources := $(sort $(wildcard t/unit/*_test.cc))
tool_sources := $(sort $(wildcard t/mint/*.cc))

# t/mint/x.cc is a program; x_*.cc are its parts, which unit tests use, too.
tool_parts   := $(sort $(wildcard t/mint/*_*.cc))
unit_parts   := $(sort $(filter-out $(unit_sources),$(wildcard t/unit/*.cc)))
tool_sources := $(filter-out $(tool_parts),$(tool_sources))
bench_sources := $(sort $(wildcard t/bench/*.cc))
fuzz_names := $(patsubst t/fuzz/%_fuzz.cc,%,$(sort $(wildcard t/fuzz/*_fuzz.cc)))

units := $(patsubst t/unit/%.cc,$(B)/unit/%,$(unit_sources))
benches := $(patsubst t/bench/%.cc,$(B)/bench/%,$(bench_sources))
tools := $(patsubst t/mint/%.cc,$(B)/tools/%,$(tool_sources))

# A new compiler knows new warnings: they stop our CI (WERROR=1), nobody else.
warnings  := -Wall -Wextra -Wpedantic $(if $(WERROR),-Werror)
export WERROR
hardening := -fstack-protector-strong -Wformat -Werror=format-security
CXXFLAGS   = -O2 -g
core_flags = -std=c++20 $(warnings) $(hardening) -fPIC -fvisibility=hidden \
             -iquote src/core $(CXXFLAGS)
libs       = -ljansson -lssl -lcrypto
test_libs  = -lcmocka -ljwt $(libs)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: all
all: module program ## build the module and id_token_check

# -- the module ---------------------------------------------------------------

.PHONY: module
module: $(B)/$(module) ## build the module for the installed nginx, or NGINX_SRC=

nginx_flags = --with-compat --with-debug --with-pcre-jit --with-threads \
              --with-cc=$(CC) \
              --with-cc-opt='-O2 -g $(hardening) -D_FORTIFY_SOURCE=2' \
              --with-ld-opt='-Wl,-z,relro -Wl,-z,now'

# The list of sources: a new or a removed file means a new configure.
inputs := $(NGINX_SRC) $(CC) $(WERROR) $(core_sources) $(ngx_sources) \
          $(core_headers) $(ngx_headers)

$(B)/inputs: FORCE
	@mkdir -p $(B)
	@echo '$(inputs)' | cmp -s - $@ || echo '$(inputs)' > $@

$(B)/nginx/Makefile: config src/build/config.make $(B)/inputs
	@test -d $(NGINX_SRC)/auto || { \
	    echo 'no nginx in $(NGINX_SRC): run "make deps", or name its source' \
	         'by NGINX_SRC='; false; } >&2
	@rm -rf $(B)/nginx-src $(B)/nginx && mkdir -p $(B)/nginx-src
	@cp -R $(NGINX_SRC)/. $(B)/nginx-src
	@cd $(B)/nginx-src && \
	    configure=./configure; test -f $$configure || configure=auto/configure; \
	    $$configure --builddir=$(B)/nginx $(nginx_flags) \
	        --add-dynamic-module=$(CURDIR) > $(B)/configure.log \
	    || { tail -n 20 $(B)/configure.log >&2; exit 1; }

$(B)/$(module): $(B)/nginx/Makefile $(core_sources) $(core_headers) \
                $(ngx_sources) $(ngx_headers)
	@echo "  NGX  $(@F)"
	@$(MAKE) --no-print-directory -s -C $(B)/nginx-src \
	    -f $(B)/nginx/Makefile modules
	@! nm -uC $(B)/nginx/$(module) | grep id_token || \
	    { echo '$(module): declared and not defined, see above' >&2; false; }
	@cp $(B)/nginx/$(module) $@.new && mv $@.new $@

# -- id_token_check ------------------------------------------------------------

# With libcurl it fetches keys; without, it has to be given them.
check_objects := $(patsubst src/check/%.cc,$(B)/obj/check/%.o,$(sort $(wildcard src/check/*.cc)))
has_curl = $(shell echo '\#include <curl/curl.h>' | $(CXX) -E -x c++ - \
             > /dev/null 2>&1 && echo yes)
check_flags = $(if $(has_curl),-DID_TOKEN_CURL)

.PHONY: program
program: $(B)/id_token_check ## build id_token_check, which tells why a token is refused

$(B)/obj/check/%.o: src/check/%.cc
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(core_flags) $(check_flags) -MMD -MP -MT $@ -c -o $@ $<

$(B)/id_token_check: $(check_objects) $(B)/libcore.a
	@echo "  LINK $(@F)"
	@$(CXX) $(CXXFLAGS) -o $@ $^ -Wl,-z,relro -Wl,-z,now \
	    $(if $(has_curl),-lcurl) -ljwt $(libs)

# -- the core and its unit tests ----------------------------------------------

core_objects := $(patsubst src/core/%.cc,$(B)/obj/core/%.o,$(core_sources))
part_objects := $(patsubst t/%.cc,$(B)/obj/%.o,$(tool_parts) $(unit_parts))

.PHONY: core units tools benches
core: $(B)/libcore.a
units: $(units)
tools: $(tools)
benches: $(benches)

$(B)/obj/core/%.o: src/core/%.cc
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(core_flags) -MMD -MP -MT $@ -c -o $@ $<

$(B)/obj/%.o: t/%.cc
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(core_flags) -iquote t -MMD -MP -MT $@ -c -o $@ $<

$(B)/libcore.a: $(core_objects)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/libparts.a: $(part_objects)
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/unit/%: $(B)/obj/unit/%.o $(B)/libparts.a $(B)/libcore.a
	@mkdir -p $(@D)
	@echo "  LINK $(@F)"
	@$(CXX) $(CXXFLAGS) -o $@ $^ $(test_libs)

$(B)/bench/%: $(B)/obj/bench/%.o $(B)/libparts.a $(B)/libcore.a
	@mkdir -p $(@D)
	@echo "  LINK $(@F)"
	@$(CXX) $(CXXFLAGS) -o $@ $^ $(test_libs)

# A fuzz target, with libFuzzer or with a main that replays.
fuzz_engine = $(B)/obj/fuzz/fuzz_replay.o
fuzz_parts  = $(addprefix $(B)/obj/fuzz/,fuzz_json.o fuzz_token.o)

$(B)/fuzz/%: $(B)/obj/fuzz/%_fuzz.o $(B)/obj/fuzz/fuzz_replay.o $(fuzz_parts) \
             $(B)/libparts.a $(B)/libcore.a
	@mkdir -p $(@D)
	@echo "  LINK $(@F)"
	@$(CXX) $(CXXFLAGS) -o $@ $< $(fuzz_engine) \
	    $(filter-out $(B)/obj/fuzz/fuzz_replay.o $<,$^) $(test_libs)

# Tools know nothing of the core: the demo need not wait for it.
$(B)/tools/%: $(B)/obj/mint/%.o \
              $(patsubst t/%.cc,$(B)/obj/%.o,$(tool_parts))
	@mkdir -p $(@D)
	@echo "  LINK $(@F)"
	@$(CXX) $(CXXFLAGS) -o $@ $^ -ljwt $(libs)

.SECONDARY:

-include $(wildcard $(B)/obj/*/*.d $(B)/obj/*/*/*.d)

# -- tests --------------------------------------------------------------------

# What the test scripts are told: the nginx to run, the module to load (empty:
# it is linked in), the folder with the tools.
MODULE  ?= $(B)/$(module)
test_env = NGINX_BIN=$(NGINX_BIN) MODULE=$(MODULE) BUILD=$(B) JOBS=$(JOBS)

parts := unit asan-unit fuzz-replay program-test integration blackbox rotation chaos soak e2e

# Everything else that is judged; bench and matrix want a machine of their own.
more_parts := check caches static asan-integration asan-blackbox asan-soak \
              valgrind-unit valgrind-integration faults mutation coverage fuzz \
              deb-test bench matrix http3

.PHONY: test test-all unit integration blackbox demo
test: ## install what is missing, build, run every test, count them
	@t/run/deps.sh --test --e2e
	@$(MAKE) --no-print-directory -j$(JOBS) module units tools
	@MAKE='$(MAKE)' STORIES='http second' TIME=20 t/run/suite.sh $(B)/log $(parts)

test-all: ## make test and all further proofs (hours); PARTS= names some
	@t/run/deps.sh --test --browser --bench --deb --roots --analysis
	@$(MAKE) --no-print-directory -j$(JOBS) module units tools asan-build
	@MAKE='$(MAKE)' t/run/suite.sh $(B)/log $(or $(PARTS),$(parts) $(more_parts))

unit: $(units) ## the core's unit tests
	@JOBS=$(JOBS) PART=$(PART) t/run/unit.sh $(B)/log/unit $(units)

# They wait more than they work: two for each core.
integration: $(MODULE) $(tools) ## t/*.t on a real nginx; TESTS= names some
	@$(test_env) JOBS=$$((2 * $(JOBS))) t/run/prove.sh $(B)/log/integration $(TESTS)

blackbox: $(MODULE) $(tools) ## the token vectors through a real nginx
	@$(test_env) python3 t/run/blackbox.py

.PHONY: program-test
program-test: $(B)/id_token_check ## the token vectors through id_token_check, and its options
	@BUILD=$(B) JOBS=$(JOBS) python3 t/run/program.py

.PHONY: protocols
protocols: $(MODULE) $(tools) ## the tests that a protocol could change, over HTTP/2 and HTTP/3
	@$(test_env) t/run/protocols.sh $(B)/log/protocols $(TESTS)

.PHONY: rotation
rotation: $(MODULE) $(tools) ## keys under load: rotation, unknown kids, a hanging server
	@$(test_env) python3 t/load/rotation.py

# TIME has a default further down, which is for fuzzing.
.PHONY: chaos
chaos: $(MODULE) $(tools) ## keys in trouble, good users counted; LONG=1 for minutes
	@$(test_env) python3 t/load/chaos.py $(if $(LONG),--long)

.PHONY: soak
soak: $(MODULE) $(tools) ## mixed traffic, every answer judged, for TIME (600) seconds
	@$(test_env) python3 t/load/soak.py \
	    --time $(if $(filter file,$(origin TIME)),600,$(TIME))

.PHONY: mutation
mutation: ## break one rule at a time: a test has to notice each; ONLY= names some
	@BUILD=$(B) NGINX_BIN=$(NGINX_BIN) python3 t/mutation/mutation.py --only '$(ONLY)'

# All but those that test what the cache itself does.
.PHONY: caches
caches: $(MODULE) $(tools) ## t/*.t with the cache off and with one of 4 KB
	@for size in off 4k; do \
	    $(test_env) NGINX_BIN=$(CURDIR)/t/run/cache_nginx.sh CACHE=$$size \
	        REAL_NGINX=$(NGINX_BIN) PART=cache-$$size \
	        t/run/prove.sh $(B)/log/cache-$$size $(or $(TESTS), \
	        $(filter-out t/assertion.t t/live/cache.t,$(wildcard t/*.t t/live/*.t))) \
	        || exit 1; \
	done

.PHONY: e2e e2e-browser
STORIES ?= http second browser login recipes
e2e: $(MODULE) ## a real provider, nginx and an API; a browser, too, if there
	@$(test_env) t/e2e/run.sh $(STORIES)

e2e-browser: $(MODULE) ## the browser's part alone; see deps-browser
	@$(test_env) t/e2e/run.sh browser login recipes

demo: ## a tenant, nginx and an API on this machine; KEEP=1 leaves them running
	@t/run/deps.sh --demo
	@$(MAKE) --no-print-directory -j$(JOBS) module tools
	@$(test_env) KEEP=$(KEEP) t/run/demo.sh

# -- the same under sanitizers, under valgrind, linked in ---------------------

.PHONY: static static-build asan asan-build asan-unit asan-integration asan-blackbox
.PHONY: coverage valgrind valgrind-unit valgrind-integration

# All of nginx: NGINX_SRC if it is that, else what Debian's source package has.
full_src = $(if $(wildcard $(NGINX_SRC)/src/core/nginx.c),$(NGINX_SRC),$(B)/nginx-full)

$(B)/nginx-full:
	@t/run/nginx_src.sh $@

static: static-build $(tools) ## build a whole nginx with the module linked in, test it
	@$(test_env) NGINX_BIN=$(B)/static/nginx MODULE= PART=static \
	    t/run/prove.sh $(B)/log/static $(TESTS)

static-build: $(full_src)
	@CC=$(CC) JOBS=$(JOBS) t/run/nginx_build.sh $(full_src) $(B)/static \
	    --add-module=$(CURDIR)

.PHONY: faults
POINTS ?= 400
faults: $(MODULE) $(tools) $(B)/palloc/nginx ## allocations fail, POINTS (400) in each scenario
	@$(test_env) NGINX_BIN=$(B)/palloc/nginx \
	    python3 t/faults/faults.py --points $(POINTS)

# An nginx whose pools ask malloc for each piece.
$(B)/palloc/nginx: | $(full_src)
	@CC=$(CC) JOBS=$(JOBS) CC_OPT='-O2 -g -DNGX_DEBUG_PALLOC=1' \
	    t/run/nginx_build.sh $(full_src) $(B)/palloc

A := $(B)/asan
asan_flags := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address
ubsan_flags := -fsanitize=undefined -fno-sanitize-recover=undefined
asan_env = ASAN_OPTIONS=detect_odr_violation=0:log_path=$(A)/reports/asan \
           UBSAN_OPTIONS=print_stacktrace=1:log_path=$(A)/reports/ubsan \
           LSAN_OPTIONS=suppressions=$(CURDIR)/t/checks/lsan.supp:print_suppressions=0

asan: ## unit tests, t/*.t, the vectors and a soak, all under ASan and UBSan
	@$(MAKE) --no-print-directory -j$(JOBS) tools asan-build
	@MAKE='$(MAKE)' t/run/suite.sh $(A)/log \
	    asan-unit asan-integration asan-blackbox asan-soak

# nginx itself gets ASan only: its own code is not clean under UBSan.
asan-build: $(full_src)
	@$(MAKE) --no-print-directory BUILD=$(A) units \
	    CXXFLAGS='$(asan_flags) $(ubsan_flags)'
	@CC=$(CC) JOBS=$(JOBS) CC_OPT='$(asan_flags) -DNGX_DEBUG_PALLOC=1' \
	    LD_OPT='-fsanitize=address -fsanitize=undefined' \
	    MAKE_ARGS="ID_TOKEN_CXXFLAGS=-fsanitize=undefined" \
	    t/run/nginx_build.sh $(full_src) $(A)/nginx \
	    --add-dynamic-module=$(CURDIR)

asan-unit:
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(A) PART=asan-unit unit \
	    CXXFLAGS='$(asan_flags) $(ubsan_flags)'

asan_test = $(test_env) $(asan_env) REPORTS=$(A)/reports PART=$@ \
            NGINX_BIN=$(A)/nginx/nginx MODULE=$(A)/nginx/$(module)

asan-integration:
	@$(asan_test) t/run/prove.sh $(A)/log/integration $(TESTS)

asan-blackbox:
	@$(asan_test) python3 t/run/blackbox.py

.PHONY: asan-soak
asan-soak:
	@$(asan_test) python3 t/load/soak.py --time $(TIME)

# What the tests reach. The workers write their counts, whoever they run as.
C := $(B)/coverage
coverage_test = $(test_env) NGINX_BIN=$(C)/nginx/nginx MODULE=$(C)/nginx/$(module)

coverage: $(tools) $(full_src) ## lines and branches that the tests reach; MISSED=1 lists the rest
	@rm -rf $(C)
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(C) units \
	    CXXFLAGS='-O0 -g --coverage'
	@CC=$(CC) JOBS=$(JOBS) CC_OPT='-O0 -g' LD_OPT=--coverage \
	    MAKE_ARGS=ID_TOKEN_CXXFLAGS=--coverage \
	    t/run/nginx_build.sh $(full_src) $(C)/nginx \
	    --add-dynamic-module=$(CURDIR)
	@chmod 1777 $(C)/nginx/objs/addon/idt_*
	-@$(MAKE) --no-print-directory BUILD=$(C) unit CXXFLAGS='-O0 -g --coverage'
	-@umask 0 && $(coverage_test) t/run/prove.sh $(C)/log/integration $(TESTS)
	-@umask 0 && $(coverage_test) python3 t/run/blackbox.py --cache 8m
	@t/checks/coverage.py $(if $(MISSED),--missed) $(C) | tee $(C)/table

valgrind: ## unit tests and VALGRIND_TESTS of t/*.t under valgrind
	@$(MAKE) --no-print-directory -j$(JOBS) module units tools
	@MAKE='$(MAKE)' t/run/suite.sh $(B)/log valgrind-unit valgrind-integration

VALGRIND_TESTS ?= t/reasons.t t/phases.t t/keys_first.t
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full \
           --show-leak-kinds=definite --errors-for-leak-kinds=definite \
           --num-callers=30 --suppressions=$(CURDIR)/t/checks/valgrind.supp

valgrind-unit:
	@WRAP='$(VALGRIND)' JOBS=$(JOBS) PART=$@ t/run/unit.sh \
	    $(B)/log/valgrind $(units)

valgrind-integration:
	@printf '#!/bin/sh\nexec $(VALGRIND) --log-file=%s %s "$$@"\n' \
	    $(B)/valgrind/%p $(NGINX_BIN) \
	    > $(B)/valgrind-nginx
	@chmod +x $(B)/valgrind-nginx
	@$(test_env) REPORTS=$(B)/valgrind PART=$@ FILE_TIMEOUT=900 \
	    NGINX_BIN=$(B)/valgrind-nginx \
	    t/run/prove.sh $(B)/log/$@ $(VALGRIND_TESTS)

# -- fuzzing ------------------------------------------------------------------

.PHONY: fuzz fuzz-build fuzz-merge fuzz-replay fuzzers
TARGETS ?= $(fuzz_names)
TIME    ?= 60
CLANGXX  = $(or $(shell command -v clang++-14),clang++)
F       := $(B)/libfuzzer
fuzz_flags = -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
             -fsanitize=address,undefined

fuzzers: $(addprefix $(B)/fuzz/,$(TARGETS))

fuzz: fuzz-build ## run each fuzz target TIME seconds (clang); TARGETS= names some
	@t/fuzz/run.sh $(F) $(TIME) $(TARGETS)

fuzz-build:
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | $(CLANGXX) -x c - \
	    -fsanitize=fuzzer,address -o /dev/null 2> /dev/null || { echo \
	    'fuzz: needs clang and its fuzzer runtime: "make deps-analysis"' >&2; false; }
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(F) CXX='$(CLANGXX)' \
	    CXXFLAGS='$(fuzz_flags) -fsanitize=fuzzer-no-link' \
	    fuzz_engine=-fsanitize=fuzzer fuzzers

fuzz-merge: fuzz-build ## keep in t/fuzz/corpus what "make fuzz" found to be new
	@t/fuzz/merge.sh $(F) $(TARGETS)

fuzz-replay: ## run the fuzz targets on what is kept in t/fuzz/corpus
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(A) \
	    CXXFLAGS='$(asan_flags) $(ubsan_flags)' fuzzers
	@t/fuzz/replay.sh $(A)/fuzz $(TARGETS)

# -- benchmarks ---------------------------------------------------------------

.PHONY: bench bench-core bench-http bench-rival bench-instructions bench-stall
bench: ## what the module costs: a table, gates, build/bench.md (ten minutes)
	@t/run/deps.sh --test --bench
	@$(MAKE) --no-print-directory -j$(JOBS) module tools benches
	@$(test_env) t/bench/bench.py

bench-core bench-http bench-rival bench-instructions bench-stall: $(MODULE) $(tools) $(benches)
	@$(test_env) t/bench/bench.py $(@:bench-%=%)

# make itself has a variable LINT, which is "lint".
.PHONY: lint
lint: module ## clang-tidy, cppcheck, scan-build; symbols and hardening; LINT=
	@JOBS=$(JOBS) LINT='$(filter-out lint,$(LINT))' t/checks/lint.sh $(B)

.PHONY: check format house fresh matrix
check: module ## format, lint, layers, calls, every directive documented, merged and tested
	@BUILD=$(B) t/checks/check.sh; status=$$?; \
	    $(MAKE) --no-print-directory lint && exit $$status

house: module ## figures: files, functions, circles of calls, mutations, checks
	@python3 t/checks/house.py $(B)

format: ## format the core and the tests in place
	@t/checks/check.sh format

fresh: ## make test and make demo of the last commit in a new Debian 12 root
	@t/run/fresh.sh

http3: ## make protocols in a root whose nginx and curl speak HTTP/3
	@COMPILERS=gcc LINKS=dynamic PARTS=protocols t/run/matrix.sh forky

matrix: ## nginx 1.22 to 1.30, gcc and clang, dynamic and static: one table
	@t/run/matrix.sh

# -- installation and housekeeping --------------------------------------------

# Where the nginx in question looks: its --modules-path, else its prefix.
nginx_says   = $(shell $(NGINX_BIN) -V 2>&1 | sed -n "s/.*--$1=\([^ ']*\).*/\1/p")
modules_path = $(or $(call nginx_says,modules-path),$(or \
                 $(call nginx_says,prefix),/usr/local/nginx)/modules)
PREFIX      ?= /usr/local

.PHONY: deps deps-test deps-deb deps-analysis deps-browser install
deps: ## install what building needs (Debian)
	@t/run/deps.sh

deps-test: ## install what testing needs, too (Debian)
	@t/run/deps.sh --test --e2e

deps-deb: ## install what "make deb" needs, too (Debian)
	@t/run/deps.sh --deb

deps-analysis: ## install what fuzzing and static analysis need, too (Debian)
	@t/run/deps.sh --test --analysis

deps-browser: ## install what the browser's story needs, too (Debian)
	@t/run/deps.sh --test --browser

install: $(B)/$(module) $(B)/id_token_check man ## copy the module to nginx's modules-path, id_token_check and manual pages below PREFIX; DESTDIR=
	@$(NGINX_BIN) -V > /dev/null 2>&1 || { \
	    echo 'install: $(NGINX_BIN) is no nginx that runs: name it by' \
	         'NGINX_BIN=' >&2; false; }
	install -d $(DESTDIR)$(modules_path) $(DESTDIR)$(PREFIX)/bin
	install -s -m 644 $< $(DESTDIR)$(modules_path)/
	install -s -m 755 $(B)/id_token_check $(DESTDIR)$(PREFIX)/bin/
	for page in $(B)/man/*; do \
	    install -D -m 644 $$page \
	        $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done

# The same bytes for the same commit: names, times and order are git's.
version = $(shell sed -n 's/.*kVersion\[\] = "\(.*\)";.*/\1/p' src/core/idt_base/version.h)
dist_name = nginx-auth-id-token-$(version)

.PHONY: deb man
deb: ## a Debian package for the running suite's nginx, in build/deb
	@src/build/deb.sh $(B)/deb

.PHONY: deb-test
deb-test: ## the package of the last commit in fresh Debian roots, lintian and all
	@t/run/deb.sh $(SUITES)

man: ## the manual pages, made from README.md, in build/man
	@python3 src/build/manual.py README.md $(B)/man

.PHONY: dist
dist: ## the last commit as a source archive, build/nginx-auth-id-token-VERSION.tar.gz
	@mkdir -p $(B)
	@git archive --format=tar --prefix=$(dist_name)/ HEAD \
	    > $(B)/$(dist_name).tar
	@gzip -9nf $(B)/$(dist_name).tar
	@cd $(B) && sha256sum $(dist_name).tar.gz

.PHONY: help clean FORCE
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

clean: ## remove everything that was built
	rm -rf $(B)

FORCE:
