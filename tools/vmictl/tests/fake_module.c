// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a module looks like from outside, for the tests of vmictl check. Compiled and
 * not linked, with a macro for what is to be wrong about it.
 */

#include <stddef.h>
#include <stdint.h>

#include "../../../kernel/include/linux/vmi_file.h"
#include "../../../kernel/include/linux/vmi_ops.h"

#ifndef LICENSE
#define LICENSE "GPL"
#endif
#ifndef VERMAGIC
#define VERMAGIC "6.12.117 SMP mod_unload "
#endif
/* Fields of the backend, instead of those below. */
#ifndef FIELDS
#define FIELDS .owner = NULL
#endif
#ifndef OPS
#define OPS [OP_io_delay] = fake_io_delay
#endif

#define IN(section_name) __attribute__((used, section(section_name)))
#define INFO(name, text) \
	static const char info_##name[] IN(".modinfo") = #name "=" text;

INFO(license, LICENSE)
INFO(description, "a module in form only")
INFO(name, "vmi_fake")
INFO(vermagic, VERMAGIC)

static char this_module[64] IN(".gnu.linkonce.this_module");

#ifdef CHECKSUMS
static const char checksums[64] IN("__versions");
#endif

#ifndef NO_BACKEND
enum {
#define OP_ENUM(group, op, ...) OP_##group##_##op,
	VMI_OPS(OP_ENUM) NR_OPS
};

typedef void function(void);

function vmi_backend_register, vmi_pv_lock_slowpath, dump_stack;
function fake_io_delay, fake_init, fake_detect;
extern const char of_others[];

void fake_io_delay(void)
{
}

void fake_detect(void)
{
}

IN(".init.text") void fake_init(void)
{
	vmi_backend_register();
}

static function *const fake_ops[NR_OPS] = { OPS };

static struct {
	uint16_t api_major, api_minor;
	uint32_t size, nr_ops;
	const char *name, *hypervisor, *version;
	void *owner;
	function *const *ops;
	void *caps;
	unsigned int nr_caps;
	function *detect;
	function *others[9];
} fake_backend = {
	.api_major = VMI_API_MAJOR,
	.api_minor = VMI_API_MINOR,
	.size = VMI_BACKEND_SIZE,
	.nr_ops = NR_OPS,
	.name = "fake",
	.hypervisor = "Nothing",
	.version = "0.9",
	.ops = fake_ops,
	.detect = fake_detect,
	FIELDS,
};

_Static_assert(offsetof(__typeof__(fake_backend), detect) == VMI_AT_DETECT, "");
_Static_assert(sizeof(fake_backend) == VMI_BACKEND_SIZE, "");

#ifndef NO_MARK
static const void *const mark IN(VMI_BACKEND_SECTION) = &fake_backend;
#endif
#endif
