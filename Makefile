# SPDX-License-Identifier: GPL-2.0-only
#
# For people; the kernel's build reads Kbuild. "make help" lists the targets.

export KVER ?= 6.12
# A kernel tree of your own. It is patched, and virt/vmi there becomes a link to
# this repository.
export KSRC ?=

# make run, make shell
HV  ?= kvm
VMI ?= auto
CMD ?= $(TOUR)

# Before the numbers there has to be something to count.
define TOUR
for object in status caps ops; do
	echo "# vmictl $$object"; vmictl $$object; echo
done
vmictl stats on
i=0; while [ $$i -lt 50 ]; do (:) & wait; i=$$((i + 1)); done
sleep 1
echo "# vmictl stats"; vmictl stats
endef
export HV VMI CMD

KERNEL   := tools/build/kernel.sh
BENCH    := $(shell sed -n 's/^\(bench-.*\):.*/\1/p' selftests/vm/config/variants)
RUN      := selftests/vm/run.sh
INIT     := build/vm/init
PLUGIN   := build/vm/count_sites.so
PREFIXES := build/vm/prefixes

all: help

help: ## this list
	@sed -nE 's/^([a-z%-]+):[^#]*## /\1\t/p' Makefile | expand -t 16
	@echo
	@echo "HV=        scenario ($(HV)), see selftests/vm/scenarios"
	@echo "VMI=       value of vmi= on the boot line ($(VMI))"
	@echo "CMD=       shell command for the guest, with \$$\$$ for a dollar sign"
	@echo "ROWS=      rows of selftests/vm/matrix for make check (all)"
	@echo "KVER=      kernel version ($(KVER))"
	@echo "PREFIX=    where make install puts things (/usr/local), below DESTDIR="
	@echo "KSRC=      a kernel tree of yours to patch and build, instead of Debian's"
	@echo "ACCEL=     QEMU accelerator (tcg); kvm only if you say so"

deps: ## install the packages that are missing, as root
	@tools/build/deps.sh check

deps-run: ## ... those for make run only
	@tools/build/deps.sh run

kernel: deps-run ## build the kernel and the modules that guests and hosts run
	+@$(KERNEL) build guest

kernel-%: deps-run ## ... a variant of it, see selftests/vm/config/variants
	+@$(KERNEL) build $*

vmictl: deps-run ## build the command line tool
	@$(MAKE) -s -C tools/vmictl O=$(CURDIR)/build/tools/vmictl

# Without deps: whoever installs may have no wish for the packages of the tests.
install: ## install vmictl and libvmi, see Documentation/install.rst
uninstall: ## remove them
install uninstall:
	@$(MAKE) -s -C tools/vmictl O=$(CURDIR)/build/tools/vmictl \
		DESTDIR=$(abspath $(DESTDIR)) $@

xen: deps-run ## unpack the hypervisor and the tools that some scenarios need
	@tools/build/xen.sh

kselftests: deps-run ## build those of the kernel's own tests that some guests run
	+@tools/build/kselftests.sh

programs: vmictl $(INIT) $(PLUGIN) $(PREFIXES) ## build what the guests run, besides the kernel
	@$(MAKE) -s -C selftests OUTPUT=$(CURDIR)/build/selftests

$(INIT): selftests/vm/init.c selftests/util.h | deps-run
	@mkdir -p $(@D)
	@$(CC) -static -s -O2 -Wall -Wextra -D_GNU_SOURCE= -o $@ $<

# QEMU has the functions that it calls.
$(PLUGIN): selftests/vm/count_sites.c | deps-run
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Wno-unused-parameter -std=gnu11 -shared -fPIC -o $@ $<

# A 64-bit program, in a file that the firmware's loader takes.
$(PREFIXES): selftests/vm/prefixes.S | deps-run
	@mkdir -p $(@D)
	@$(CC) -nostdlib -static -no-pie -Wl,-N,-Ttext=0x100000,--build-id=none \
		-Wl,--no-warn-rwx-segments -o $@.tmp $<
	@objcopy -O elf32-i386 $@.tmp $@ && rm $@.tmp

run: programs ## boot HV= with vmi=VMI, run CMD= there, fail if that fails
	@needs=$$($(RUN) --needs "$$HV") && $(MAKE) -s $$needs
	@$(RUN) --vmi "$$VMI" "$$HV" "$$CMD"

shell: programs ## boot HV= with vmi=VMI, with a shell on the terminal
	@needs=$$($(RUN) --needs "$$HV") && $(MAKE) -s $$needs
	@$(RUN) --vmi "$$VMI" --interactive "$$HV"

check: deps ## build what the tests need, run them
	@selftests/vm/check.sh $(ROWS)

check-long: deps ## ... the ones that take hours
	@MATRIX=matrix-long selftests/vm/check.sh $(ROWS)

bench: deps $(BENCH:%=kernel-%) programs ## compare instructions per operation, see Documentation/measuring.rst
	@selftests/bench/bench.py bench

bench-switch: deps kernel-bench-vmi programs ## instructions of a switch, on 1 to 8 CPUs
	@selftests/bench/bench.py switch

bench-guest: deps kernel-guest xen programs ## exits of guests, with native ops, a backend, and the kernel's own code
	@selftests/bench/bench.py guest

bench-document: deps ## put the last results of the benchmarks into Documentation/measuring.rst
	@selftests/bench/results.py document

detect-table: deps kernel-guest xen programs ## what vmictl detect and other programs say in each scenario, also on Debian's kernel
	+@selftests/detect/table.py run $(SCENARIOS)

detect-document: deps ## put the last such table into Documentation/detect.rst
	@selftests/detect/table.py document

style: deps ## checkpatch, sparse, W=1, clang-format, shellcheck, kernel configuration; prints KTAP
	+@tools/build/style.sh

gen: deps ## generate netlink code and uAPI header from uapi/vmi.yaml
	@tools/build/ynl.sh "$$($(KERNEL) source)"

check-gen: deps ## fail if these differ from what is checked in
	@tools/build/ynl.sh --check "$$($(KERNEL) source)"

check-vmictl: deps vmictl ## tests of the command line tool that need no VMI kernel
	@$(MAKE) -s -C tools/vmictl O=$(CURDIR)/build/tools/vmictl check

fuzz: deps ## give vmictl and libvmi arbitrary answers of the kernel for FUZZ_SECONDS= (600)
	@$(MAKE) -s -C tools/vmictl O=$(CURDIR)/build/tools/vmictl fuzz

check-fuzz: deps ## ... for half a minute
	@$(MAKE) -s -C tools/vmictl O=$(CURDIR)/build/tools/vmictl \
		FUZZ_SECONDS=30 fuzz

package: ## make Debian's packages of vmictl and libvmi, in build/package
	@tools/build/deps.sh package
	@tools/build/package.sh

check-package: deps kernel-guest programs ## make, install, use and remove them, in a system of their own
	@tools/build/deps.sh package
	+@tools/build/check-package.sh

check-run: programs ## fail if make run and make shell do not do what they say
	+@selftests/vm/test-run.sh

check-vendor: deps kernel-guest programs ## build a backend out of the tree, and use it
	+@selftests/vm/test-vendor.sh

check-unwind: deps kernel-guest ## fail if the unwinder does not know the stack at an inline site
	@selftests/vm/test-unwind.py build/kernel-guest/vmlinux

check-boot-order: kernel-guest ## fail if VMI takes over pv_ops while IBT is on
	@selftests/vm/test-boot-order.sh build/kernel-guest/vmlinux

check-verdict: ## fail if a run that is not clean is taken for one
	@selftests/vm/test-verdict.sh

check-config: ## fail if a kernel that differs from Debian's is taken for the same
	@selftests/vm/test-config.sh

check-same: ## fail if results that differ are taken for the same
	@selftests/vm/test-same.sh

mutants: deps ## break the code in one place after the other, fail if no test finds it
	@selftests/mutants/run.sh $(MUTANTS)

clean: ## remove what was built, but neither the kernel source nor the logs
	rm -rf build/kernel-* build/tools build/selftests build/vm build/headers build/kselftests build/package build/chroot

.PHONY: all help deps deps-run kernel vmictl install uninstall xen kselftests programs run shell check check-long bench bench-switch bench-guest bench-document detect-table detect-document style gen check-gen check-vmictl fuzz check-fuzz package check-package check-run check-vendor check-unwind check-boot-order check-verdict check-config check-same mutants clean
