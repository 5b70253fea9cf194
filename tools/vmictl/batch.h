/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_BATCH_H
#define VMICTL_BATCH_H

/* Run the commands in a file, "-" for stdin, up to the first that fails. */
int run_batch(const char *path);

/* Run one command with its arguments, for main() and for a batch. */
int run_command(int argc, char **argv);

#endif /* VMICTL_BATCH_H */
