#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tracepoints, as trace-cmd and perf record and decode them: what either reports
# is what the kernel itself prints, and that is what status says.

. ./lib.sh
. ./programs.sh

need_vmi
need_program trace-cmd
need_program perf
quiet module_file vmi_bad_init ||
	skip_all "the kernel was built without CONFIG_VMI_SELFTEST_MODULES"
[ "$(vmi builtin)" = native ] || skip_all "the kernel's own guest code is bound"

instance=/sys/kernel/tracing/instances/vmi-selftest

# Something of each: a switch there and back, one that fails and one that does not even begin;
# a policy that is set and cleared.
cat > "$tmp/work" <<'END'
vmictl use native
vmictl use null
vmictl policy set io native
vmictl policy clear
vmictl use native
modprobe vmi_bad_init
vmictl use bad-init
cat /sys/kernel/vmi/last_error > /tmp/vmi-failed
vmictl use native
rmmod vmi_bad_init
vmictl use nowhere
cat /sys/kernel/vmi/last_error > /tmp/vmi-nowhere
vmictl use native
END

# Of a line that the kernel or a tool prints, what begins with the name of the event.
events()
{
	sed -n 's/^.*\(vmi_[a-z]*: \) *\(.*[^ ]\) *$/\1\2/p'
}

last_error()
{
	sed 's/^[a-z]*: //' "/tmp/vmi-$1"
}

expected()
{
	cat <<-END
		vmi_switch: from=native to=native err=0 reason=none
		vmi_switch: from=native to=null err=0 reason=none
		vmi_policy: op=io.delay policy=native
		vmi_policy: op=io.delay policy=default
		vmi_switch: from=null to=native err=0 reason=none
		vmi_switch: from=native to=bad-init err=-12 reason=$(last_error failed)
		vmi_switch: from=native to=native err=0 reason=none
		vmi_switch: from=native to=nowhere err=-2 reason=$(last_error nowhere)
		vmi_switch: from=native to=native err=0 reason=none
	END
}

begin()
{
	mkdir "$instance" && echo 1 > "$instance/events/vmi/enable"
}

end()
{
	events < "$instance/trace" > "$tmp/kernel"
	rmdir "$instance"
}

# Both write to this machine's memory: the root they run in is read only.
record_trace_cmd()
{
	program trace-cmd record -e vmi -o /tmp/trace.dat \
		chroot /proc/1/root sh "$tmp/work"
}

report_trace_cmd()
{
	program trace-cmd report -i /tmp/trace.dat | events > "$tmp/reported"
}

record_perf()
{
	program perf record -q -a -e 'vmi:*' -o /tmp/perf.data -- \
		chroot /proc/1/root sh "$tmp/work"
}

report_perf()
{
	program perf script -i /tmp/perf.data -F event,trace |
		events > "$tmp/reported"
}

agree()
{
	diff "$1" "$2" && [ -s "$1" ]
}

use native
quiet modprobe vmi_null
plan 10
for tool in trace_cmd perf; do
	check "$tool: the kernel traces" begin
	check "$tool: records" record_$tool
	end
	expected > "$tmp/expected"
	check "$tool: the kernel says what happened" agree "$tmp/expected" "$tmp/kernel"
	check "$tool: reports" report_$tool
	check "$tool: and decodes it as the kernel does" agree "$tmp/kernel" "$tmp/reported"
done
finish
