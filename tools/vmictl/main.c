// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl: see and steer the Virtual Machine Interface of the running kernel.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vmi.h>
#include <netlink/version.h>

#include "batch.h"
#include "kernel.h"
#include "options.h"
#include "out.h"
#include "screen.h"
#include "vmictl.h"

#define VMICTL_VERSION "0.1.0"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *help;
	unsigned int options;
};

static const struct command commands[] = {
	{ .name = "status",
	  .run = cmd_status,
	  .arguments = "",
	  .help = "Show the default provider (default)." },
	{ .name = "detect",
	  .run = cmd_detect,
	  .arguments = "",
	  .help = "Find the hypervisor and its features, on any kernel." },
	{ .name = "check",
	  .run = cmd_check,
	  .arguments = " FILE",
	  .help = "Say what the file of a module is, and whether this kernel would take it." },
	{ .name = "list",
	  .run = cmd_list,
	  .arguments = "",
	  .help = "List the registered backends." },
	{ .name = "ops",
	  .run = cmd_ops,
	  .arguments = "",
	  .help = "Show what each operation is bound to." },
	{ .name = "explain",
	  .run = cmd_explain,
	  .arguments = " GROUP.OP",
	  .help = "Say what an operation does, who does it and why." },
	{ .name = "trace",
	  .run = cmd_trace,
	  .arguments = " [GROUP|GROUP.OP]",
	  .help = "Print commands that show the calls of an operation." },
	{ .name = "caps",
	  .run = cmd_caps,
	  .arguments = "",
	  .help = "Show what the hypervisor offers and what is made of it." },
	{ .name = "stats",
	  .run = cmd_stats,
	  .arguments =
		  " [on|off [--histogram] | reset | [--interval SECONDS [--count N]] [--per-cpu] | --histogram | --format FORMAT] [GROUP|GROUP.OP]",
	  .help = "Show call counters or histograms, once or again and again, or switch or reset them.",
	  .options = OPTION_INTERVAL | OPTION_COUNT | OPTION_FORMAT |
		     OPTION_PER_CPU | OPTION_HISTOGRAM },
	{ .name = "top",
	  .run = cmd_top,
	  .arguments =
		  " [--interval SECONDS] [--count N] [--per-cpu] [GROUP|GROUP.OP]",
	  .help = "Show the call counters on a full screen, as they change.",
	  .options = OPTION_INTERVAL | OPTION_COUNT | OPTION_PER_CPU },
	{ .name = "use",
	  .run = cmd_use,
	  .arguments = " PROVIDER",
	  .help = "Switch to native, builtin or a registered backend." },
	{ .name = "policy",
	  .run = cmd_policy,
	  .arguments =
		  " [show | set GROUP[.OP] native|builtin|default | clear [GROUP[.OP]] | load [FILE]]",
	  .help = "Show, set or clear policies: native or builtin for a group or an operation." },
	{ .name = "monitor",
	  .run = cmd_monitor,
	  .arguments = "",
	  .help = "Print events as they happen." },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	char *words = check_alloc(strdup(""));
	size_t i;
	int ret;

	for (i = 0; i < COMMANDS; i++)
		words = append_word(words, commands[i].name);
	ret = out_error(VMI_EXIT_USAGE, "unknown command '%s' (use %s or help)",
			name, words);
	free(words);
	return ret;
}

static void print_usage(FILE *stream, const struct command *command)
{
	fprintf(stream, "Usage: vmictl [OPTIONS] %s%s\n", command->name,
		command->arguments);
}

static void print_overview(void)
{
	size_t i;

	puts("Usage: vmictl [OPTIONS] [COMMAND [ARGUMENTS]]\n\nCommands:");
	for (i = 0; i < COMMANDS; i++)
		printf("  %s%s\n        %s\n", commands[i].name,
		       commands[i].arguments, commands[i].help);
	printf("  help [COMMAND]\n        Print this help, or that of one command.\n\n%s",
	       options_help);
}

static int help_about(const char *name)
{
	const struct command *command = find_command(name);

	if (!command && strcmp(name, "help"))
		return unknown_command(name);
	/* Text for people has no place in a JSON document. */
	if (out_is_json()) {
		out_done();
	} else if (!command) {
		print_overview();
	} else {
		print_usage(stdout, command);
		printf("\n%s\n", command->help);
	}
	return 0;
}

static int cmd_help(int argc, char **argv)
{
	if (argc > 2)
		return out_error(VMI_EXIT_USAGE,
				 "help is about one command at a time");
	return help_about(argc == 2 ? argv[1] : "help");
}

int usage_error(const char *command, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = vmake_text(format, args);
	va_end(args);
	out_error(VMI_EXIT_USAGE, "%s: %s", command, text);
	free(text);
	if (!out_is_json())
		print_usage(stderr, find_command(command));
	return VMI_EXIT_USAGE;
}

int no_arguments(int argc, char **argv)
{
	if (argc == 1)
		return 0;
	return usage_error(argv[0], "unexpected word '%s'", argv[1]);
}

int check_name(const char *command, const char *name)
{
	size_t len = strlen(name);

	if (len && len <= VMI_NAME_LEN)
		return 0;
	return usage_error(command, "a name has 1 to %d characters",
			   VMI_NAME_LEN);
}

int run_command(int argc, char **argv)
{
	const struct command *command;
	int ret;

	if (!strcmp(argv[0], "help"))
		return cmd_help(argc, argv);
	command = find_command(argv[0]);
	if (!command)
		return unknown_command(argv[0]);
	if (argc == 2 && !strcmp(argv[1], "help"))
		return help_about(argv[0]);
	ret = options_allow(command->name, command->options);
	return ret ? ret : command->run(argc, argv);
}

static int print_version(void)
{
	json_t *document, *libraries;

	if (!out_is_json()) {
		puts("vmictl " VMICTL_VERSION);
		return 0;
	}
	libraries = check_alloc(json_object());
	json_put(libraries, "libnl", json_string(LIBNL_VERSION));
	json_put(libraries, "jansson", json_string(JANSSON_VERSION));
	json_put(libraries, "ncurses", json_string(screen_version()));
	document = check_alloc(json_object());
	json_put(document, "version", json_string(VMICTL_VERSION));
	json_put(document, "family-version", json_integer(VMI_FAMILY_VERSION));
	json_put(document, "libraries", libraries);
	out_document(document);
	return 0;
}

static int run_all(const char *path)
{
	int ret = options_allow("a batch", 0);

	return ret ? ret : run_batch(path);
}

static int check_options(const char *name)
{
	const struct command *command = name ? find_command(name) : NULL;

	return options_known(command ? command->options : 0);
}

static int run(int argc, char **argv)
{
	const struct options *options = options_get();
	static char status[] = "status";
	char *fallback[] = { status, NULL };
	int ret = check_options(argv[0]);

	if (ret)
		return ret;
	if (options->help)
		return help_about(argc ? argv[0] : "help");
	if (options->version)
		return print_version();
	if (options->batch && argc)
		return out_error(
			VMI_EXIT_USAGE,
			"unexpected word '%s': the commands of a batch are in its file",
			argv[0]);
	if (options->batch)
		return run_all(options->batch);
	if (!argc)
		return run_command(1, fallback);
	return run_command(argc, argv);
}

/*
 * Occupy the standard streams that the caller has closed. Otherwise a socket
 * would get the number of one, and output would go to the kernel. The
 * replacement is opened for reading, so that writing fails.
 */
static void occupy_standard_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			_exit(VMI_EXIT_REFUSED);
}

int main(int argc, char **argv)
{
	int ret;

	occupy_standard_streams();
	ret = options_parse(argc, argv);
	if (!ret)
		ret = run(argc - optind, argv + optind);
	kernel_close();
	return out_finish(ret);
}
