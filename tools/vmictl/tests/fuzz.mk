# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz [FUZZ_SECONDS=N]: arbitrary answers of the kernel, see tests/fuzz.c, and
# arbitrary modules, see tests/fuzz_module.c

CLANG        ?= clang
FUZZ_SECONDS ?= 600
FUZZ_FLAGS   := -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer

FUZZ_DIR     := $(O)/fuzz
FUZZERS      := $(addprefix $(FUZZ_DIR)/,fuzz fuzz-module)
FUZZ_SOURCES := $(SOURCES) $(LIB_SOURCES) tests/examine.c tests/fuzz_calls.c \
		tests/fuzz.c
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/%.o)
# No kernel is asked there.
MODULE_OBJECTS := $(filter-out %/tests/fuzz.o %/tests/fuzz_calls.o,$(FUZZ_OBJECTS)) \
		  $(FUZZ_DIR)/tests/fuzz_module.o
SEED_OBJECTS := $(addprefix $(O)/tests/,examine.o fuzz_calls.o fuzz_seeds.o fake_kernel.o)

# The main() of a fuzzer is libFuzzer's.
$(FUZZ_DIR)/main.o: override CPPFLAGS += -Dmain=vmictl_main
$(SEED_OBJECTS) $(FUZZ_OBJECTS) $(MODULE_OBJECTS): override CPPFLAGS += -Ilib

$(O)/tests/fuzz_seeds: $(OBJECTS) $(SEED_OBJECTS) $(O)/libvmi.a
	$(note) LD $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--wrap=main -o $@ $^ $(LDLIBS)

$(FUZZ_DIR)/%.o: %.c Makefile tests/fuzz.mk
	$(note) CLANG $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer-no-link \
		$(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ_DIR)/fuzz: $(FUZZ_OBJECTS)
$(FUZZ_DIR)/fuzz: override LDFLAGS += -Wl,--wrap=memchr
$(FUZZ_DIR)/fuzz-module: $(MODULE_OBJECTS)
$(FUZZ_DIR)/fuzz-module: override LDFLAGS += -Wl,--wrap=elf_begin

$(FUZZERS):
	$(note) LD $@
	$(Q)$(CLANG) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer $(FUZZ_FLAGS) \
		-o $@ $^ $(LDLIBS)

fuzz: $(FUZZERS) $(O)/tests/fuzz_seeds
	$(Q)CC="$(CC)" sh tests/fuzz.sh $(O) $(FUZZ_SECONDS)

-include $(FUZZ_OBJECTS:.o=.d) $(MODULE_OBJECTS:.o=.d) $(SEED_OBJECTS:.o=.d)

clean: clean-fuzz

clean-fuzz:
	$(Q)rm -rf $(FUZZ_DIR)
	$(Q)rm -f $(SEED_OBJECTS) $(SEED_OBJECTS:.o=.d) $(O)/tests/fuzz_seeds

.PHONY: fuzz clean-fuzz
