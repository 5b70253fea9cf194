// SPDX-License-Identifier: GPL-2.0-only
/* The options on the command line. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "out.h"
#include "vmictl.h"

#define NSEC_PER_SEC 1000000000
#define INTERVAL_MIN 0.1
#define INTERVAL_MAX 86400

/* Values that getopt_long() returns for options without a letter. */
enum {
	LONG_INTERVAL = 256,
	LONG_COUNT,
	LONG_PER_CPU,
	LONG_FORMAT,
	LONG_HISTOGRAM,
};

const char options_help[] =
	"Options:\n"
	"  -j, --json        print JSON\n"
	"  -p, --pretty      print JSON for people, implies -j\n"
	"  -b, --batch FILE  run the commands in FILE, - is the standard input\n"
	"  -V, --version     print the version\n"
	"  -h, --help        print this help\n"
	"\n"
	"Options of stats and top:\n"
	"  --interval SECONDS  read the counters again and again\n"
	"  --count N           end after N readings\n"
	"  --per-cpu           show the counters of each CPU\n"
	"\n"
	"Options of stats:\n"
	"  --format FORMAT     print the counters as openmetrics\n"
	"  --histogram         print, or switch, histograms of calls\n";

/* The colon makes getopt_long() report a missing value as ':'. */
static const char letters[] = ":jpb:Vh";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "batch", required_argument, NULL, 'b' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "interval", required_argument, NULL, LONG_INTERVAL },
	{ "count", required_argument, NULL, LONG_COUNT },
	{ "per-cpu", no_argument, NULL, LONG_PER_CPU },
	{ "format", required_argument, NULL, LONG_FORMAT },
	{ "histogram", no_argument, NULL, LONG_HISTOGRAM },
	{}
};

static struct options options;

const struct options *options_get(void)
{
	return &options;
}

#define IN_ORDER(name) \
	_Static_assert(OPTION_##name == 1 << (LONG_##name - LONG_INTERVAL), "")

IN_ORDER(INTERVAL);
IN_ORDER(COUNT);
IN_ORDER(PER_CPU);
IN_ORDER(FORMAT);
IN_ORDER(HISTOGRAM);

/*
 * Options of all commands have letters. The others are ordered like their bits.
 */
static bool is_allowed(const struct option *option, unsigned int allowed)
{
	return option->val < LONG_INTERVAL ||
	       allowed & 1U << (option->val - LONG_INTERVAL);
}

static char *words_for_options(unsigned int allowed)
{
	char *words = check_alloc(strdup(""));
	const struct option *option;
	char *word;

	for (option = long_options; option->name; option++) {
		if (!is_allowed(option, allowed))
			continue;
		word = make_text("--%s", option->name);
		words = append_word(words, word);
		free(word);
	}
	return words;
}

int options_known(unsigned int allowed)
{
	char *words;
	int ret;

	if (!options.unknown)
		return 0;
	words = words_for_options(allowed);
	ret = out_error(VMI_EXIT_USAGE, "unknown option '%s' (use %s)",
			options.unknown, words);
	free(words);
	return ret;
}

int options_allow(const char *who, unsigned int allowed)
{
	const struct option *option = long_options;
	char *words;
	int ret;

	while (option->name && (is_allowed(option, allowed) ||
				!is_allowed(option, options.given)))
		option++;
	if (!option->name)
		return 0;
	words = words_for_options(allowed);
	ret = out_error(VMI_EXIT_USAGE, "%s has no option --%s (use %s)", who,
			option->name, words);
	free(words);
	return ret;
}

/*
 * Return whether the bad option is a letter. A letter can be inside a word of
 * several; optind does not yet point behind that word. After a bad long option,
 * optopt is the option's value or 0.
 */
static bool is_unknown_letter(int kind)
{
	return kind == '?' && optopt && optopt < LONG_INTERVAL &&
	       !strchr(letters + 1, optopt);
}

/* Return the bad letter, or the word with the bad long option. */
static const char *wrong_option(int kind, char **argv)
{
	static char letter[] = "-?";

	if (!is_unknown_letter(kind) && !strncmp(argv[optind - 1], "--", 2))
		return argv[optind - 1];
	letter[1] = (char)optopt;
	return letter;
}

static int parse_interval(const char *word)
{
	double seconds;
	char *end;

	seconds = strtod(word, &end);
	/* The negated comparison also rejects NaN. */
	if (end == word || *end ||
	    !(seconds >= INTERVAL_MIN && seconds <= INTERVAL_MAX))
		return out_error(VMI_EXIT_USAGE,
				 "an interval has %g to %d seconds, not '%s'",
				 INTERVAL_MIN, INTERVAL_MAX, word);
	options.given |= OPTION_INTERVAL;
	options.interval_ns = (uint64_t)(seconds * NSEC_PER_SEC);
	return 0;
}

static int parse_count(const char *word)
{
	errno = 0;
	options.count = strtoul(word, NULL, 10);
	if (strspn(word, "0123456789") != strlen(word) || errno ||
	    !options.count)
		return out_error(VMI_EXIT_USAGE,
				 "a count is a number from 1 on, not '%s'",
				 word);
	options.given |= OPTION_COUNT;
	return 0;
}

static int parse_format(const char *word)
{
	if (strcmp(word, "openmetrics"))
		return out_error(VMI_EXIT_USAGE,
				 "unknown format '%s' (use openmetrics)", word);
	options.given |= OPTION_FORMAT;
	return 0;
}

/*
 * Report a missing value, but only record an unknown option: which options are
 * valid depends on the command, which may follow.
 */
static int bad_option(int kind, char **argv)
{
	if (kind == ':')
		return out_error(VMI_EXIT_USAGE, "option %s needs a %s",
				 wrong_option(kind, argv),
				 optopt == 'b' ? "file" : "value");
	if (!options.unknown)
		options.unknown = wrong_option(kind, argv);
	return 0;
}

static int parse_option(int opt, char **argv)
{
	switch (opt) {
	case 'j':
	case 'p':
		out_use_json(opt == 'p');
		return 0;
	case 'b':
		options.batch = optarg;
		return 0;
	case 'V':
		options.version = true;
		return 0;
	case 'h':
		options.help = true;
		return 0;
	case LONG_INTERVAL:
		return parse_interval(optarg);
	case LONG_COUNT:
		return parse_count(optarg);
	case LONG_FORMAT:
		return parse_format(optarg);
	case LONG_PER_CPU:
		options.given |= OPTION_PER_CPU;
		return 0;
	case LONG_HISTOGRAM:
		options.given |= OPTION_HISTOGRAM;
		return 0;
	}
	return bad_option(opt, argv);
}

int options_parse(int argc, char **argv)
{
	int ret = 0;
	int opt;

	opterr = 0;
	while (!ret && (opt = getopt_long(argc, argv, letters, long_options,
					  NULL)) != -1)
		ret = parse_option(opt, argv);
	return ret;
}
