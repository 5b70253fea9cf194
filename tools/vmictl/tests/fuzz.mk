# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz [FUZZ_SECONDS=N]: arbitrary answers of the kernel, and arbitrary modules, see
# tests/fuzz.c

CLANG        ?= clang
FUZZ_SECONDS ?= 600
FUZZ_FLAGS   := -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer

FUZZ_DIR     := $(O)/fuzz
FUZZ_SOURCES := $(SOURCES) $(LIB_SOURCES) tests/examine.c tests/fake_kernel.c \
		tests/fuzz.c tests/fuzz_module.c
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/%.o)
# The same, with a mistake.
FUZZ_CANARY  := $(FUZZ_DIR)/canary/lib/objects.o
CANARY_OBJECTS := $(patsubst %/fuzz/lib/objects.o,%/fuzz/canary/lib/objects.o,$(FUZZ_OBJECTS))

# The main() of the program is libFuzzer's.
$(FUZZ_DIR)/main.o: override CPPFLAGS += -Dmain=vmictl_main
$(FUZZ_CANARY): override CPPFLAGS += -include tests/fuzz_canary.h
$(FUZZ_OBJECTS) $(FUZZ_CANARY): override CPPFLAGS += -Ilib
$(FUZZ_OBJECTS) $(FUZZ_CANARY): override CC := $(CLANG)
$(FUZZ_OBJECTS) $(FUZZ_CANARY): override CFLAGS += -fsanitize=fuzzer-no-link $(FUZZ_FLAGS)
$(FUZZ_OBJECTS): $(FUZZ_DIR)/%.o: %.c Makefile tests/fuzz.mk
	$(compile)

$(FUZZ_CANARY): lib/objects.c tests/fuzz_canary.h Makefile tests/fuzz.mk
	$(compile)

# tests/fuzz_module.c has an elf_begin() of its own.
$(FUZZ_DIR)/fuzz: $(FUZZ_OBJECTS)
$(FUZZ_DIR)/fuzz-canary: $(CANARY_OBJECTS)
$(FUZZ_DIR)/fuzz $(FUZZ_DIR)/fuzz-canary:
	$(note) LD $@
	$(Q)$(CLANG) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer $(FUZZ_FLAGS) \
		-Wl,--wrap=elf_begin -o $@ $^ $(LDLIBS)

fuzz: $(FUZZ_DIR)/fuzz $(FUZZ_DIR)/fuzz-canary
	$(Q)CC="$(CC)" sh tests/fuzz.sh $(O) $(FUZZ_SECONDS)

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_CANARY:.o=.d)

clean: clean-fuzz

clean-fuzz:
	$(Q)rm -rf $(FUZZ_DIR)

.PHONY: fuzz clean-fuzz
