# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests of what make install leaves, for run.sh, and of what make uninstall does.
# What needs a chroot is in tools/build/check-package.sh.

# All is built. Directories that this run was given, by make in the environment as
# well, are not for here.
make_target() { # TARGET [VARIABLE=VALUE...]
	$limit env -i PATH="$PATH" "$MAKE" -s --no-print-directory O="$LIBVMI" DESTDIR="$root" "$@"
}

# Paths below the root that are no directories.
installed() {
	(cd "$root" && find . ! -type d | sort)
}

# The unit as systemd would have it, but for the program's path: it is not there.
verify_unit() {
	unit=$root/usr/lib/systemd/system/vmi-policy.service
	mkdir -p "$tmp/unit" &&
		sed "s,=/usr/sbin/vmictl,=$root/usr/sbin/vmictl," "$unit" \
			>"$tmp/unit/vmi-policy.service" &&
		$limit systemd-analyze verify --man=no "$tmp/unit/vmi-policy.service"
}

# The number is what is left with CAP_SYS_ADMIN, as root, without a private /tmp.
unit_exposure() {
	$limit systemd-analyze security --offline=yes --no-pager --threshold=20 \
		"$tmp/unit/vmi-policy.service" >"$tmp/exposure" ||
		{ cat "$tmp/exposure" && return 1; }
}

# The program's path follows from the prefix.
prefix_of_unit() {
	root=$tmp/local make_target install PREFIX=/opt/vmi &&
		sed -n 's/^ExecStart=//p; s/^RequiresMountsFor=//p' \
			"$tmp/local/opt/vmi/lib/systemd/system/vmi-policy.service"
	status=$?
	rm -rf "$tmp/local"
	return $status
}

# What the module of dracut asks for. That dracut does it is seen by check-package.sh.
dracut_installs() { # KERNEL
	# shellcheck disable=SC2016 # this is for bash
	$limit bash -c '
		inst_multiple() { echo "inst_multiple $*"; }
		inst() { echo "inst $*"; }
		modprobe() { :; }
		. system/dracut/module-setup.sh
		dracutsysrootdir=$1 kernel=$2
		install' bash "$tmp/dracut" "$1"
}

uninstall() {
	make_target uninstall PREFIX=/usr && installed
}

# A directory that root cannot write to either: it is a file.
install_in_part() {
	mkdir -p "$tmp/part/usr/share" && : >"$tmp/part/usr/share/initramfs-tools" &&
		! root=$tmp/part make_target install PREFIX=/home/x &&
		(root=$tmp/part && installed)
}

# Somebody's file and the directory it is in stay.
uninstall_with_policy() {
	root=$tmp/local make_target install &&
		: >"$tmp/local/etc/vmi/policy.conf" &&
		root=$tmp/local make_target uninstall &&
		(root=$tmp/local && installed)
}

directories_of_ours() {
	find "$root" -type d \( -name '*vmi*' -o -name examples \)
}

# Each file of the system directory is there for somebody.
test_install() {
	expect "installed below the prefix, but for hooks" 0 "" "" sh -c \
		"cd '$root' && find . ! -type d ! -path './usr/*'"
	for file in sbin/vmictl lib/libvmi.so lib/libvmi.so.0 lib/libvmi.a \
		lib/pkgconfig/libvmi.pc include/libvmi/vmi.h \
		include/libvmi/linux/vmi.h share/man/man8/vmictl.8 \
		share/man/man4/vmi.4 share/man/man5/vmi.conf.5 \
		share/bash-completion/completions/vmictl \
		share/zsh/site-functions/_vmictl \
		share/doc/vmictl/examples/policy.conf \
		lib/systemd/system/vmi-policy.service \
		share/initramfs-tools/hooks/vmi \
		lib/dracut/modules.d/90vmi/module-setup.sh; do
		expect "installed: $file" 0 "" "" test -s "$root/usr/$file"
	done
	expect "installed: a directory for policies" 0 "" "" test -d "$root/etc/vmi"
	mkdir -p "$tmp/dracut/boot"
	echo 'CONFIG_MODPROBE_PATH="/opt/bin/modprobe"' >"$tmp/dracut/boot/config-elsewhere"
	expect "dracut: modprobe" 0 "inst_multiple modprobe" "" dracut_installs none
	expect "dracut: modprobe where the kernel looks for it" 0 \
		"inst_multiple modprobe${newline}inst modprobe /opt/bin/modprobe" "" \
		dracut_installs elsewhere
	expect "installed: all or nothing" 0 ./usr/share/initramfs-tools \
		"install: cannot write to $tmp/part/usr/share/initramfs-tools, *" \
		install_in_part
	expect "the program runs" 0 "vmictl *" "" "$root/usr/sbin/vmictl" -V
	expect "paths in the unit" 0 \
		"/opt/vmi/sbin${newline}/opt/vmi/sbin/vmictl policy load" "" \
		prefix_of_unit
	if command -v systemd-analyze >/dev/null; then
		expect "systemd takes the unit" 0 "" "" verify_unit
		expect "what the unit is exposed to" 0 "" "" unit_exposure
	else
		report ok "the unit" "SKIP there is no systemd-analyze"
	fi
	expect "make uninstall of somebody's policy" 0 ./etc/vmi/policy.conf "" \
		uninstall_with_policy
	: >"$root/usr/sbin/foreign"
	expect "make uninstall" 0 "./usr/sbin/foreign" "" uninstall
	expect "directories after make uninstall" 0 "" "" directories_of_ours
}
