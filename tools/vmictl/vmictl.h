/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_H
#define VMICTL_H

/*
 * Every function that can fail reports the failure itself, once, where the
 * cause is known, and returns one of these; callers only pass it on.
 */
enum vmi_exit {
	VMI_EXIT_DONE = 0,
	VMI_EXIT_USAGE = 1,
	VMI_EXIT_REFUSED = 2,
};

int cmd_status(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_ops(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_caps(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_use(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_detect(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_monitor(int argc, char **argv);

/* Report a mistake in the arguments of @command, together with its usage. */
int usage_error(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reject every argument of the command. */
int no_arguments(int argc, char **argv);

/* Reject a name that is empty or too long for the kernel. */
int check_name(const char *command, const char *name);

#endif /* VMICTL_H */
