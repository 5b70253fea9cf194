/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/vmi.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_VMI_H
#define _UAPI_LINUX_VMI_H

#define VMI_FAMILY_NAME		"vmi"
#define VMI_FAMILY_VERSION	1

#define VMI_NAME_LEN	31

/**
 * enum vmi_state - State of a backend.
 * @VMI_STATE_REGISTERED: Known to the core, not looked at yet.
 * @VMI_STATE_VALIDATED: Passed every check; can be switched to.
 * @VMI_STATE_PREPARED: Initialised on every CPU; no op is bound yet.
 * @VMI_STATE_ACTIVE: Its ops are bound.
 * @VMI_STATE_DRAINING: Its ops are being taken back.
 * @VMI_STATE_FAILED: Refused or failed; last-error says why.
 */
enum vmi_state {
	VMI_STATE_REGISTERED,
	VMI_STATE_VALIDATED,
	VMI_STATE_PREPARED,
	VMI_STATE_ACTIVE,
	VMI_STATE_DRAINING,
	VMI_STATE_FAILED,
};

/**
 * enum vmi_stats_action - What to do with the call counters.
 * @VMI_STATS_ACTION_OFF: Stop counting; the counters keep their values.
 * @VMI_STATS_ACTION_ON: Start counting.
 * @VMI_STATS_ACTION_RESET: Set the counters to zero.
 */
enum vmi_stats_action {
	VMI_STATS_ACTION_OFF,
	VMI_STATS_ACTION_ON,
	VMI_STATS_ACTION_RESET,
};

enum {
	VMI_A_ERROR_KIND = 1,
	VMI_A_ERROR_MESSAGE,

	__VMI_A_ERROR_MAX,
	VMI_A_ERROR_MAX = (__VMI_A_ERROR_MAX - 1)
};

enum {
	VMI_A_STATUS_ACTIVE = 1,
	VMI_A_STATUS_REQUESTED,
	VMI_A_STATUS_STATE,
	VMI_A_STATUS_HYPERVISOR,
	VMI_A_STATUS_BUILTIN,
	VMI_A_STATUS_API_MAJOR,
	VMI_A_STATUS_API_MINOR,
	VMI_A_STATUS_SWITCHES,
	VMI_A_STATUS_SWITCHED_AT_NS,
	VMI_A_STATUS_BEFORE_INIT,
	VMI_A_STATUS_LAST_ERROR,
	VMI_A_STATUS_CHOICE,

	__VMI_A_STATUS_MAX,
	VMI_A_STATUS_MAX = (__VMI_A_STATUS_MAX - 1)
};

enum {
	VMI_A_LAYER_SIGNATURE = 1,
	VMI_A_LAYER_EVIDENCE,
	VMI_A_LAYER_BACKEND,

	__VMI_A_LAYER_MAX,
	VMI_A_LAYER_MAX = (__VMI_A_LAYER_MAX - 1)
};

enum {
	VMI_A_BACKEND_NAME = 1,
	VMI_A_BACKEND_HYPERVISOR,
	VMI_A_BACKEND_VERSION,
	VMI_A_BACKEND_MODULE,
	VMI_A_BACKEND_STATE,
	VMI_A_BACKEND_EVIDENCE,
	VMI_A_BACKEND_LAST_ERROR,

	__VMI_A_BACKEND_MAX,
	VMI_A_BACKEND_MAX = (__VMI_A_BACKEND_MAX - 1)
};

enum {
	VMI_A_OP_NAME = 1,
	VMI_A_OP_GROUP,
	VMI_A_OP_PROVIDER,
	VMI_A_OP_COUNTING,
	VMI_A_OP_CALLS,
	VMI_A_OP_REASON,

	__VMI_A_OP_MAX,
	VMI_A_OP_MAX = (__VMI_A_OP_MAX - 1)
};

enum {
	VMI_A_CAP_NAME = 1,
	VMI_A_CAP_BACKEND,
	VMI_A_CAP_OFFERED,
	VMI_A_CAP_BOUND,
	VMI_A_CAP_USES,
	VMI_A_CAP_REASON,

	__VMI_A_CAP_MAX,
	VMI_A_CAP_MAX = (__VMI_A_CAP_MAX - 1)
};

enum {
	VMI_A_USE_PROVIDER = 1,

	__VMI_A_USE_MAX,
	VMI_A_USE_MAX = (__VMI_A_USE_MAX - 1)
};

enum {
	VMI_A_STATS_ACTION = 1,
	VMI_A_STATS_TARGET,

	__VMI_A_STATS_MAX,
	VMI_A_STATS_MAX = (__VMI_A_STATS_MAX - 1)
};

enum {
	VMI_CMD_STATUS_GET = 1,
	VMI_CMD_BACKEND_GET,
	VMI_CMD_OP_GET,
	VMI_CMD_CAP_GET,
	VMI_CMD_USE,
	VMI_CMD_STATS_SET,
	VMI_CMD_BACKEND_NTF,
	VMI_CMD_STATUS_NTF,
	VMI_CMD_LAYER_GET,

	__VMI_CMD_MAX,
	VMI_CMD_MAX = (__VMI_CMD_MAX - 1)
};

#define VMI_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_VMI_H */
