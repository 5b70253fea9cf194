// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl detect: the hypervisors that are named by CPUID, by the kernel's files
 * about Xen and by the DMI tables, and the one that VMI would choose.
 */

#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "detect_bits.h"
#include "out.h"

#define SIGNATURE_FIRST 0x40000000
#define SIGNATURE_LAST 0x4000ff00
#define SIGNATURE_STEP 0x100

static const struct {
	const char *signature;
	const char *name;
	enum hypervisor_kind kind;
} known[] = {
	{ "KVMKVMKVM", "KVM", HYPERVISOR_KVM },
	{ "Microsoft Hv", "Hyper-V", HYPERVISOR_HYPERV },
	{ "XenVMMXenVMM", "Xen", HYPERVISOR_XEN },
	{ "VMwareVMware", "VMware", HYPERVISOR_VMWARE },
	{ "TCGTCGTCGTCG", "QEMU", HYPERVISOR_OTHER },
	{ "VBoxVBoxVBox", "VirtualBox", HYPERVISOR_OTHER },
	{ "bhyve bhyve ", "bhyve", HYPERVISOR_OTHER },
	{ "ACRNACRNACRN", "ACRN", HYPERVISOR_ACRN },
	{ "Jailhouse", "Jailhouse", HYPERVISOR_JAILHOUSE },
	{ " lrpepyh vr", "Parallels", HYPERVISOR_OTHER },
	{ "QNXQVMBSQG", "QNX", HYPERVISOR_OTHER },
	{ "Linux KVM Hv", "KVM as Hyper-V", HYPERVISOR_OTHER },
};

/* Fields of DMI that name a hypervisor, by the text they start with. */
static const struct {
	const char *name;
	enum hypervisor_kind kind;
	const char *field;
	const char *text;
	/*
	 * Start of the product name that is required as well if the vendor also
	 * makes hardware; else NULL.
	 */
	const char *product;
} dmi[] = {
	{ "VMware", HYPERVISOR_VMWARE, "product_serial", "VMware", NULL },
	{ "VMware", HYPERVISOR_VMWARE, "sys_vendor", "VMware", NULL },
	{ "Hyper-V", HYPERVISOR_HYPERV, "sys_vendor", "Microsoft Corporation",
	  "Virtual Machine" },
	{ "Xen", HYPERVISOR_XEN, "sys_vendor", "Xen", NULL },
	{ "KVM", HYPERVISOR_KVM, "product_name", "KVM", NULL },
	{ "QEMU", HYPERVISOR_OTHER, "sys_vendor", "QEMU", NULL },
	{ "VirtualBox", HYPERVISOR_OTHER, "product_name", "VirtualBox", NULL },
	{ "bhyve", HYPERVISOR_OTHER, "product_name", "BHYVE", NULL },
	{ "Parallels", HYPERVISOR_OTHER, "sys_vendor", "Parallels", NULL },
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static void add_evidence(struct layer *layer, char *text)
{
	json_add(layer->evidence, json_clean(text, strlen(text)));
	free(text);
}

static struct layer *add_layer(struct detection *detection, const char *name,
			       enum hypervisor_kind kind)
{
	struct layer *layer = &detection->layers[detection->count++];

	layer->name = name;
	layer->kind = kind;
	layer->evidence = check_alloc(json_array());
	return layer;
}

/*
 * Find the last layer with this name (a hypervisor lists its own signature
 * last), or add one.
 */
static struct layer *layer_named(struct detection *detection, const char *name,
				 enum hypervisor_kind kind)
{
	size_t i;

	for (i = detection->count; i > 0; i--)
		if (!strcmp(detection->layers[i - 1].name, name))
			return &detection->layers[i - 1];
	return add_layer(detection, name, kind);
}

/* A leaf without a signature may return arbitrary bytes; do not print them. */
static bool is_text(const char *signature)
{
	const char *c;

	for (c = signature; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return c != signature;
}

static void name_layer(struct layer *layer)
{
	size_t i;

	for (i = 0; i < LENGTH(known); i++) {
		if (strcmp(layer->signature, known[i].signature))
			continue;
		layer->name = known[i].name;
		layer->kind = known[i].kind;
	}
}

static void look_at_block(struct detection *detection, uint32_t base)
{
	char signature[SIGNATURE_LEN + 1] = "";
	struct cpuid_regs regs;
	struct layer *layer;

	machine_cpuid(detection->ask_xen, base, &regs);
	/* EAX is the last leaf of the block; old KVM returns 0 for base + 1. */
	if (regs.eax && (regs.eax < base || regs.eax - base >= SIGNATURE_STEP))
		return;
	memcpy(signature, &regs.ebx, sizeof(regs.ebx));
	memcpy(signature + 4, &regs.ecx, sizeof(regs.ecx));
	memcpy(signature + 8, &regs.edx, sizeof(regs.edx));
	if (!is_text(signature))
		return;

	layer = add_layer(detection, "unknown", HYPERVISOR_OTHER);
	memcpy(layer->signature, signature, sizeof(signature));
	layer->base = base;
	layer->last = regs.eax ?: base + 1;
	name_layer(layer);
	add_evidence(layer,
		     make_text("CPUID 0x%x%s", base,
			       detection->ask_xen ? " with Xen's prefix" : ""));
	if (layer->kind != HYPERVISOR_XEN || layer->last <= base)
		return;
	machine_cpuid(detection->ask_xen, base + 1, &regs);
	add_evidence(layer, make_text("version %u.%u", regs.eax >> 16,
				      regs.eax & 0xffff));
}

static void look_at_cpuid(struct detection *detection)
{
	struct cpuid_regs regs;
	uint32_t base;

	machine_cpuid(detection->ask_xen, 1, &regs);
	/* Without this bit, the leaves do not belong to a hypervisor. */
	detection->has_bit = regs.ecx & BIT(X86_FEATURE_HYPERVISOR % 32);
	if (!detection->has_bit)
		return;
	for (base = SIGNATURE_FIRST;
	     base <= SIGNATURE_LAST && detection->count < MAX_CPUID_LAYERS;
	     base += SIGNATURE_STEP)
		look_at_block(detection, base);
	if (!detection->count)
		add_evidence(add_layer(detection, "unknown", HYPERVISOR_OTHER),
			     make_text("CPUID hypervisor bit"));
}

static void look_at_xen(struct detection *detection, const char *guest_type)
{
	char *type = file_line("/sys/hypervisor/type");
	struct layer *layer;

	if (type && !strcmp(type, "xen")) {
		layer = layer_named(detection, "Xen", HYPERVISOR_XEN);
		add_evidence(layer, make_text("/sys/hypervisor/type xen"));
		if (guest_type)
			add_evidence(layer,
				     make_text("/sys/hypervisor/guest_type %s",
					       guest_type));
	}
	free(type);
}

static char *dmi_field(const char *field)
{
	char *path = make_text("/sys/class/dmi/id/%s", field);
	char *text = file_line(path);

	free(path);
	return text;
}

static bool starts_with(const char *text, const char *start)
{
	return text && !strncmp(text, start, strlen(start));
}

static void look_at_dmi(struct detection *detection)
{
	char *product = dmi_field("product_name"), *text;
	struct layer *layer;
	size_t i;

	for (i = 0; i < LENGTH(dmi); i++) {
		text = dmi_field(dmi[i].field);
		/*
		 * Show only the text that was searched for: the rest of the
		 * field may be a serial number.
		 */
		if (starts_with(text, dmi[i].text) &&
		    (!dmi[i].product || starts_with(product, dmi[i].product))) {
			layer = layer_named(detection, dmi[i].name,
					    dmi[i].kind);
			add_evidence(layer, make_text("DMI %s %s", dmi[i].field,
						      dmi[i].text));
		}
		free(text);
	}
	free(product);
}

/* Neither Linux nor VMI's backend can use Hyper-V without both privileges. */
static bool hyperv_is_usable(const struct layer *layer)
{
	const uint32_t needed = HV_MSR_HYPERCALL_AVAILABLE |
				HV_MSR_VP_INDEX_AVAILABLE;
	struct cpuid_regs regs;

	/* Hyper-V has its leaves only here, and guests look nowhere else. */
	if (layer->base != SIGNATURE_FIRST || layer->last < HYPERV_CPUID_MIN)
		return false;
	machine_cpuid(false, HYPERV_CPUID_FEATURES, &regs);
	return (regs.eax & needed) == needed;
}

/*
 * Return whether the kernel's own guest code recognises a layer in CPUID. With
 * nopv on the boot line, the kernel looks only for Xen and Jailhouse.
 */
static bool kernel_detects(const struct layer *layer, bool nopv)
{
	if (nopv && layer->kind != HYPERVISOR_XEN &&
	    layer->kind != HYPERVISOR_JAILHOUSE)
		return false;
	switch (layer->kind) {
	case HYPERVISOR_KVM:
	case HYPERVISOR_JAILHOUSE:
	case HYPERVISOR_ACRN:
		return layer->base;
	case HYPERVISOR_XEN:
		return layer->last - layer->base >= 2;
	case HYPERVISOR_VMWARE:
		return layer->base == SIGNATURE_FIRST;
	case HYPERVISOR_HYPERV:
		return hyperv_is_usable(layer);
	default:
		return false;
	}
}

/*
 * Find VMware by its serial number. The kernel looks at that, and asks VMware's
 * port, only if CPUID shows no hypervisor.
 */
static const struct layer *vmware_by_dmi(const struct detection *detection)
{
	char *serial = dmi_field("product_serial");
	bool named = !detection->has_bit && starts_with(serial, "VMware");
	const struct layer *found = NULL;
	size_t i;

	for (i = 0; i < detection->count && named; i++)
		if (detection->layers[i].kind == HYPERVISOR_VMWARE)
			found = &detection->layers[i];
	free(serial);
	return found;
}

/*
 * Find the layer that the kernel detects: of those that it knows, the one with
 * the highest leaves. A hypervisor that emulates another one has its own leaves
 * above those of the other.
 */
static const struct layer *detected(const struct detection *detection,
				    bool nopv)
{
	size_t i;

	for (i = detection->count; i > 0; i--)
		if (kernel_detects(&detection->layers[i - 1], nopv))
			return &detection->layers[i - 1];
	return nopv ? NULL : vmware_by_dmi(detection);
}

/*
 * Choose as the kernel does for vmi=auto: the backend for the hypervisor that it
 * detects. Only the kernel knows whether that backend can be loaded.
 */
static void choose(struct detection *detection)
{
	char *boot_line = file_line("/proc/cmdline");
	bool nopv = line_has_word(boot_line, "nopv");
	const struct layer *layer = detected(detection, nopv);
	bool hidden = !layer && nopv;

	free(boot_line);
	if (hidden)
		layer = detected(detection, false);
	if (layer && detect_backend(layer))
		detection->driven = layer;
	if (!detection->count)
		detection->choice = make_text(
			"what the kernel booted with: there is no sign of a hypervisor");
	else if (!detection->driven)
		detection->choice = make_text(
			"what the kernel booted with: VMI has no backend that can be used here");
	else if (hidden)
		detection->choice = make_text(
			"what the kernel booted with: nopv keeps the kernel from detecting %s",
			layer->name);
	else if (detection->needs_xen)
		detection->choice = make_text(
			"the kernel's own code for Xen: PV guests cannot do without it");
	else if (layer->base)
		detection->choice =
			make_text("%s: the kernel detects %s (CPUID 0x%x)",
				  layer->name, layer->signature, layer->base);
	else
		detection->choice = make_text(
			"%s, if it answers at its port: DMI names it, and CPUID shows no hypervisor",
			layer->name);
}

void detect_layers(struct detection *detection)
{
	char *guest_type = file_line("/sys/hypervisor/guest_type");

	detection->needs_xen = guest_type && !strcmp(guest_type, "PV");
	detection->ask_xen = detection->needs_xen;
	look_at_cpuid(detection);
	look_at_xen(detection, guest_type);
	look_at_dmi(detection);
	choose(detection);
	free(guest_type);
}

const char *detect_backend(const struct layer *layer)
{
	static const char *const backends[] = {
		[HYPERVISOR_KVM] = "kvm",
		[HYPERVISOR_HYPERV] = "hyperv",
		[HYPERVISOR_XEN] = "xen",
		[HYPERVISOR_VMWARE] = "vmware",
	};

	return layer->kind < LENGTH(backends) ? backends[layer->kind] : NULL;
}

void detect_free(struct detection *detection)
{
	size_t i;

	for (i = 0; i < detection->count; i++)
		json_decref(detection->layers[i].evidence);
	free(detection->choice);
}

json_t *detect_hypervisors(const struct detection *detection)
{
	json_t *rows = check_alloc(json_array()), *row;
	const struct layer *layer;
	const char *backend;
	size_t i;

	for (i = 0; i < detection->count; i++) {
		layer = &detection->layers[i];
		row = check_alloc(json_object());
		json_put(row, "name", json_string(layer->name));
		json_put(row, "signature",
			 *layer->signature ? json_string(layer->signature) :
					     json_null());
		backend = detect_backend(layer);
		json_put(row, "backend",
			 backend ? json_string(backend) : json_null());
		json_put(row, "evidence", json_incref(layer->evidence));
		json_add(rows, row);
	}
	return rows;
}
