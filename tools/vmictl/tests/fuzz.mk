# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz [FUZZ_SECONDS=N]: arbitrary answers of the kernel, see tests/fuzz.c, and
# arbitrary modules, see tests/fuzz_module.c

CLANG        ?= clang
FUZZ_SECONDS ?= 600
FUZZ_FLAGS   := -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer

FUZZ_DIR     := $(O)/fuzz
FUZZERS      := $(addprefix $(FUZZ_DIR)/,fuzz fuzz-canary fuzz-module)
FUZZ_SOURCES := $(SOURCES) $(LIB_SOURCES) tests/examine.c tests/fuzz_calls.c \
		tests/fuzz.c
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/%.o)
FUZZ_CANARY  := $(FUZZ_DIR)/canary/objects.o
# No kernel is asked there.
MODULE_OBJECTS := $(filter-out %/tests/fuzz.o %/tests/fuzz_calls.o,$(FUZZ_OBJECTS)) \
		  $(FUZZ_DIR)/tests/fuzz_module.o
SEED_OBJECTS := $(filter-out %/main.o,$(OBJECTS)) $(O)/tests/main.o \
		$(O)/tests/examine.o $(O)/tests/fuzz_calls.o \
		$(O)/tests/fuzz_seeds.o $(O)/tests/fake_kernel.o

# The main() of a fuzzer is libFuzzer's, and that of the seeds their own.
$(O)/tests/main.o $(FUZZ_DIR)/main.o: override CPPFLAGS += -Dmain=vmictl_main
$(SEED_OBJECTS) $(FUZZ_OBJECTS) $(MODULE_OBJECTS): override CPPFLAGS += -Ilib
$(FUZZ_CANARY): override CPPFLAGS += -include tests/fuzz_canary.h

$(O)/tests/main.o: main.c Makefile
	$(note) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/tests/fuzz_seeds: $(SEED_OBJECTS) $(O)/libvmi.a
	$(note) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(FUZZ_DIR)/%.o: %.c Makefile tests/fuzz.mk
	$(note) CLANG $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer-no-link \
		$(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ_CANARY): lib/objects.c tests/fuzz_canary.h Makefile tests/fuzz.mk
	$(note) CLANG $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer-no-link \
		$(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ_DIR)/fuzz: $(FUZZ_OBJECTS)
$(FUZZ_DIR)/fuzz-canary: $(filter-out %/lib/objects.o,$(FUZZ_OBJECTS)) $(FUZZ_CANARY)
$(FUZZ_DIR)/fuzz-module: $(MODULE_OBJECTS)
$(FUZZ_DIR)/fuzz-module: override LDFLAGS += -Wl,--wrap=elf_begin

$(FUZZERS):
	$(note) LD $@
	$(Q)$(CLANG) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer $(FUZZ_FLAGS) \
		-o $@ $^ $(LDLIBS)

fuzz: $(FUZZERS) $(O)/tests/fuzz_seeds
	$(Q)CC="$(CC)" sh tests/fuzz.sh $(O) $(FUZZ_SECONDS)

-include $(FUZZ_OBJECTS:.o=.d) $(MODULE_OBJECTS:.o=.d) $(FUZZ_CANARY:.o=.d) $(SEED_OBJECTS:.o=.d)

clean: clean-fuzz

clean-fuzz:
	$(Q)rm -rf $(FUZZ_DIR)
	$(Q)rm -f $(SEED_OBJECTS) $(SEED_OBJECTS:.o=.d) $(O)/tests/fuzz_seeds

.PHONY: fuzz clean-fuzz
