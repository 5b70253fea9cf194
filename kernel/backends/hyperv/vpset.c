// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of virtual processors
 *
 * See "Sparse Virtual Processor Set" in the TLFS.
 */

#include <linux/bitops.h>
#include <linux/cpumask.h>

#include "hyperv.h"

/**
 * vmi_hyperv_vpset() - describe a set of CPUs in the sparse form
 * @set: gets it; its banks follow it
 * @cpus: the CPUs
 * @skip: says which of them are not meant, NULL if all are
 *
 * Return: number of banks, 0 if nobody is meant, or -ENOENT
 */
int vmi_hyperv_vpset(struct hv_vpset *set, const struct cpumask *cpus,
		     bool (*skip)(int cpu))
{
	unsigned int bank, banks = 0;
	int cpu, vp, last = -1;

	set->format = HV_GENERIC_SET_SPARSE_4K;
	set->valid_bank_mask = 0;
	for_each_cpu(cpu, cpus) {
		if (skip && skip(cpu))
			continue;
		vp = vmi_hyperv_vp(cpu);
		if (vp < 0 || vp / HV_VCPUS_PER_SPARSE_BANK >=
			      HV_MAX_SPARSE_VCPU_BANKS)
			return -ENOENT;
		/* Banks up to the last one are there, empty if need be. */
		bank = vp / HV_VCPUS_PER_SPARSE_BANK;
		while (last < (int)bank)
			set->bank_contents[++last] = 0;
		__set_bit(vp % HV_VCPUS_PER_SPARSE_BANK,
			  (unsigned long *)&set->bank_contents[bank]);
		banks = last + 1;
	}
	if (banks)
		set->valid_bank_mask = GENMASK_ULL(banks - 1, 0);
	return banks;
}
