#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prepare a kernel source tree and build one variant of it.
#
# usage: kernel.sh source           print the path of the prepared tree
#        kernel.sh config VARIANT   configure it in build/kernel-VARIANT
#        kernel.sh build VARIANT    ... build it, and install its modules there
#        kernel.sh make VARIANT ARGS...   run the tree's make on it
#
# environment: KVER   kernel version (6.12)
#              KSRC   a source tree to use instead of Debian's: it is patched
#                     and hooked just as build/linux-KVER would be
#
# The variants and their configuration are in selftests/vm/config/.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
config=$top/selftests/vm/config

die()
{
	echo "kernel: $*" >&2
	exit 1
}

# The version of a source tree, from the head of its Makefile.
tree_version()
{
	awk -F ' *= *' '$1 == "VERSION" { v = $2 }
		$1 == "PATCHLEVEL" { print v "." $2; exit }' "$1/Makefile"
}

unpack()
{
	local tarball=/usr/src/linux-source-$KVER.tar.xz

	[ ! -d "$tree" ] || return 0
	[ -f "$tarball" ] || die "no $tarball: run make deps-run"
	echo "kernel: unpacking $tarball" >&2
	rm -rf "$tree.tmp"
	mkdir "$tree.tmp"
	tar -C "$tree.tmp" --strip-components=1 -xf "$tarball"
	mv "$tree.tmp" "$tree"
	echo "kernel: unpacked in $SECONDS s" >&2
}

# The paths that a patch file creates, changes or removes.
patched_files()
{
	sed -nE 's,^(---|\+\+\+) [ab]/([^[:space:]]+).*,\2,p' "$@" | sort -u
}

# Bring the tree from the patches that it has to those in kernel/patches. This
# happens in a copy of the files concerned: a patch that does not apply leaves
# the tree as it was, and a file that ends up the same keeps its time stamp, so
# that the next build stays incremental.
apply_patches()
{
	local old=$tree/.vmi.patch new file

	scratch=$(mktemp -d "$tree/.vmi.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	new=$scratch/.vmi.patch
	find "$top/kernel/patches/$KVER" -name '*.patch' 2>/dev/null |
		sort | xargs -r cat > "$new"
	[ -f "$old" ] || : > "$old"
	if cmp -s "$old" "$new"; then
		rm -rf "$scratch"
		return
	fi

	echo "kernel: patching $tree" >&2
	for file in $(patched_files "$old" "$new"); do
		[ ! -f "$tree/$file" ] ||
			(cd "$tree" && cp --parents -p "$file" "$scratch")
	done
	# The last one first: a patch may touch lines of an earlier one.
	csplit -s -z -f "$scratch/.vmi.old" "$old" '/^From [0-9a-f]\{40\} /' '{*}'
	for file in $(find "$scratch" -name '.vmi.old*' | sort -r); do
		patch -d "$scratch" -p1 -s -R -f --no-backup-if-mismatch < "$file" ||
			die "$tree was edited since it was patched: remove it, or undo the edit"
	done
	patch -d "$scratch" -p1 -s -f --no-backup-if-mismatch < "$new" ||
		die "kernel/patches/$KVER does not apply to $tree"
	for file in $(patched_files "$old" "$new"); do
		if [ ! -f "$scratch/$file" ]; then
			rm -f "$tree/$file"
		elif ! cmp -s "$scratch/$file" "$tree/$file"; then
			mkdir -p "$(dirname "$tree/$file")"
			cp "$scratch/$file" "$tree/$file"
		fi
	done
	mv "$new" "$old"
	rm -rf "$scratch"
}

# The tree sees the repository as virt/vmi: one link, so that a new directory
# here needs no new link there. A link into build/ is relative: the checkout may
# be moved.
hook()
{
	local target=$top

	[ "$tree" != "$top/build/linux-$KVER" ] || target=../../..
	[ "$(readlink "$tree/virt/vmi" || :)" = "$target" ] ||
		ln -sfn "$target" "$tree/virt/vmi"
}

# lock NAME: wait until no other caller holds that lock. It is held until unlock, or until
# this process ends.
declare -A locks
lock()
{
	local fd

	mkdir -p "$top/build"
	exec {fd}> "$top/build/.$1.lock"
	flock -w 1800 "$fd" || die "another build holds build/.$1.lock"
	locks[$1]=$fd
}

unlock()
{
	local fd=${locks[$1]}

	exec {fd}>&-
}

prepare()
{
	lock source
	[ -n "${KSRC:-}" ] || unpack
	[ -f "$tree/Kbuild" ] || die "$tree is not a kernel source tree"
	apply_patches
	hook
	unlock source
}

# Objects have to be the same for every path of the checkout, so that a fresh
# clone finds them in ccache: paths are made relative to the build directory,
# and what ends up in messages is relative to the source tree.
kmake()
{
	export CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1
	# Without the preprocessor's run ahead of the compiler, which costs a quarter of the time
	# where the cache has nothing. The dependencies that kbuild asks for do as well.
	export CCACHE_DEPEND=1
	export KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_VERSION=1
	export KBUILD_BUILD_USER=vmi KBUILD_BUILD_HOST=vmi
	# Only VMI is instrumented for KCSAN, by its own Kbuild: reports about the rest of the kernel
	# are not ours.
	export KCSAN_SANITIZE=n
	local cc=gcc

	! command -v ccache > /dev/null || cc=$top/tools/build/cc.sh
	# As a job of check.sh's queue, it takes part in the job server there. That make may be
	# silent, whose single letters come first; what this one says is counted.
	[[ ${MAKEFLAGS:-} == *jobserver* ]] || set -- -j"$(nproc)" "$@"
	[[ ${MAKEFLAGS:-} != [a-z]* ]] || MAKEFLAGS=${MAKEFLAGS#"${MAKEFLAGS%% *}"}
	make --no-print-directory -C "$tree" O="$out" CC="$cc" \
		KCFLAGS="-fmacro-prefix-map=$(realpath --relative-to="$out" "$tree")/=" \
		"$@"
}

fragments()
{
	local list name

	list=$(sed -n "s/^$1: *//p" "$config/variants")
	[ -n "$list" ] || die "no variant '$1' in $config/variants"
	for name in $list; do
		echo "$config/$name.config"
	done
}

# Each option that a fragment asks for must have that value in the result.
verify_config()
{
	awk '
		function option(line) {
			if (line ~ /^# CONFIG_[A-Z0-9_]+ is not set$/) {
				split(line, word, " ")
				return word[2]
			}
			return line ~ /^CONFIG_/ ? substr(line, 1, index(line, "=") - 1) : ""
		}
		{ name = option($0) }
		name == "" { next }
		FILENAME != ARGV[ARGC - 1] { wanted[name] = $0; next }
		{ got[name] = $0 }
		END {
			for (name in wanted) {
				off = "# " name " is not set"
				is = name in got ? got[name] : off
				if (is == wanted[name])
					continue
				print "kernel: wanted " wanted[name] ", got " is
				bad = 1
			}
			exit bad
		}' "$@" >&2
}

# seed: begin with a copy of another variant's build. Kbuild knows which objects depend on
# which option, and makes only those again whose options differ.
seed()
{
	local base=guest from

	# Nearly all objects depend on CONFIG_VMI_LOWLEVEL.
	[[ $variant != *-novmi || ! -d $top/build/kernel-novmi/modroot ]] || base=novmi
	from=$top/build/kernel-$base
	[ "$variant" != guest ] && [ -d "$from/modroot" ] || return 0
	lock "$base"
	rm -rf "$out.tmp"
	cp -a --reflink=auto "$from" "$out.tmp"
	rm -rf "$out.tmp"/{modroot,root-*,build.log}
	mv "$out.tmp" "$out"
	unlock "$base"
}

configure()
{
	local list

	mapfile -t list < <(fragments "$variant")
	lock "$variant"
	[ -d "$out" ] || seed
	mkdir -p "$out"
	# Leaves .config alone when nothing changes in it.
	(cd "$tree" && scripts/kconfig/merge_config.sh -n -Q -O "$out" \
		"${list[@]}") > "$out/config.log" 2>&1 ||
		{ cat "$out/config.log" >&2; die "configuring '$variant' failed"; }
	verify_config "${list[@]}" "$out/.config" ||
		die "an option of '$variant' did not survive: its dependencies are not met"
}

# A warning of objtool, of instrumentation where there may be none for example, does not
# end a build, and does not come again in the next one unless its object is gone.
fail_on_objtool()
{
	local object objects

	objects=$(sed -n 's/^\([^ ]*\.k\?o\): warning: objtool: .*/\1/p' "$1" | sort -u)
	for object in $objects; do
		(cd "$out" && rm -f "$object")
	done
	[ -z "$objects" ] || die "objtool has warnings for '$variant'"
}

# objects DONE: how far a build is, in words. How many objects there will be is known for a
# first build only.
objects()
{
	local all

	all=$(sed -n "s/^$variant objects: *//p" "$config/variants")
	if [ -e "$out/vmlinux" ] || [ "$1" -lt 20 ] || [ "$1" -ge "${all:-0}" ]; then
		echo "$1 objects"
	else
		echo "$1 of $all objects," \
			"about $(((SECONDS * (all - $1) / $1 + 59) / 60)) min left"
	fi
}

# progress: of what kbuild prints, show warnings and errors as they are, and of the rest how
# many objects are made: in a line that is rewritten on a terminal, elsewhere twice a minute.
progress()
{
	local line n=0 shown=$SECONDS
	local step='^  [A-Z][A-Z0-9_]*( \[M\])? +[^ ]+$'
	# Printed by openssl while it looks for the primes of the modules' key.
	local primes='^[.+*]+(.*)$'

	while IFS= read -r line; do
		[[ ! $line =~ $primes ]] || line=${BASH_REMATCH[1]}
		if ! [[ $line =~ $step ]]; then
			[[ $line =~ ^(Kernel:\ |$) ]] || printf '%s\n' "$line" >&2
			continue
		fi
		case $line in
		'  CC '*|'  AS '*) n=$((n + 1)) ;;
		esac
		if [ -t 2 ]; then
			printf '\r\033[Kkernel: %s' "$variant: $(objects $n)" >&2
		elif [ $((SECONDS - shown)) -ge 30 ]; then
			shown=$SECONDS
			echo "kernel: $variant: $(objects $n)" >&2
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	echo "kernel: $variant: $n objects made in $SECONDS s" >&2
}

build()
{
	local log=$out/build.log built=true

	configure
	echo "kernel: building $variant in ${out#"$top"/}" >&2
	kmake bzImage modules 2>&1 | tee "$log" | progress || built=false
	# Also of a build that failed for another reason: the next one would not say it.
	fail_on_objtool "$log"
	"$built" || die "building '$variant' failed"
	rm -rf "$out/modroot"
	kmake -s INSTALL_MOD_PATH="$out/modroot" INSTALL_MOD_STRIP=1 modules_install
}

if [ -n "${KSRC:-}" ]; then
	tree=$(realpath "$KSRC")
	[ -f "$tree/Makefile" ] || die "KSRC=$KSRC is not a kernel source tree"
	KVER=$(tree_version "$tree")
else
	KVER=${KVER:-6.12}
	tree=$top/build/linux-$KVER
fi

command=${1:-}
variant=${2:-}
out=$top/build/kernel-$variant
case $command in
source)
	prepare
	echo "$tree"
	;;
config|build)
	[ -n "$variant" ] || die "$command: which variant?"
	prepare
	"${command/config/configure}"
	;;
make)
	[ $# -gt 2 ] || die "make: which variant and target?"
	kmake -s "${@:3}"
	;;
*)
	die "usage: kernel.sh source | config VARIANT | build VARIANT | make VARIANT ARGS..."
	;;
esac
