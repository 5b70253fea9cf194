// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody at a terminal, a DEC VT52, which is the simplest that has a screen.
 * What to do is read from stdin, a step on each line:
 *
 *	see PATTERN		wait until a line of the screen is like this
 *	gone PATTERN		wait until none is
 *	order PATTERN		the same of the whole screen, lines after each other
 *	press KEYS		press them
 *	resize LINES COLUMNS	make the terminal of another size
 *	signal NUMBER		send a signal
 *	do COMMAND		run that, in a shell; it must succeed
 *	wrote TEXT		wait until this was written, whatever it does
 *	end STATUS		wait for the end
 *
 * After the end, the modes of the terminal must be as they were before. A step has
 * 30 s, or as many as TERMINAL_PATIENCE says.
 *
 * usage: terminal COMMAND [WORD...]
 */

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#define LINES_MAX 60
#define COLUMNS_MAX 200
#define WRITTEN_MAX (1 << 20)
#define QUIET_MS 20

static int master;
static int slave;
static pid_t child;

static struct winsize size = { .ws_row = 24, .ws_col = 80 };
static char screen[LINES_MAX][COLUMNS_MAX + 1];
static int line, column;
static char written[WRITTEN_MAX + 1];
static size_t written_len;
static char *step;

static void fail(const char *what)
{
	int i;

	fprintf(stderr, "terminal: failed: %s\n", what);
	for (i = 0; i < size.ws_row; i++)
		fprintf(stderr, "terminal: |%s|\n", screen[i]);
	if (child > 0)
		kill(child, SIGKILL);
	exit(EXIT_FAILURE);
}

/* Give up on the step that takes too long. */
static void fail_step(int signal)
{
	(void)signal;
	fail(step);
}

static void blank_line(int number, int from)
{
	memset(&screen[number][from], ' ', (size_t)(size.ws_col - from));
	screen[number][size.ws_col] = '\0';
}

static void blank_rest(void)
{
	int i;

	blank_line(line, column);
	for (i = line + 1; i < size.ws_row; i++)
		blank_line(i, 0);
}

static int limit(int value, int count)
{
	return value < 0 ? 0 : value < count ? value : count - 1;
}

static void move_to(int to_line, int to_column)
{
	line = limit(to_line, size.ws_row);
	column = limit(to_column, size.ws_col);
}

static void scroll_up(void)
{
	if (line + 1 < size.ws_row) {
		line++;
		return;
	}
	memmove(screen[0], screen[1],
		sizeof(screen[0]) * (size_t)(size.ws_row - 1));
	blank_line(line, 0);
}

static bool is_complete(const char *sequence)
{
	return strlen(sequence) == (sequence[1] == 'Y' ? 4 : 2);
}

static void escape(const char *sequence)
{
	switch (sequence[1]) {
	case 'A':
		move_to(line - 1, column);
		break;
	case 'B':
		move_to(line + 1, column);
		break;
	case 'C':
		move_to(line, column + 1);
		break;
	case 'D':
		move_to(line, column - 1);
		break;
	case 'H':
		move_to(0, 0);
		break;
	case 'J':
		blank_rest();
		break;
	case 'K':
		blank_line(line, column);
		break;
	case 'Y':
		move_to(sequence[2] - ' ', sequence[3] - ' ');
		break;
	}
}

static void text(char c)
{
	switch (c) {
	case '\r':
		column = 0;
		break;
	case '\n':
		scroll_up();
		break;
	case '\b':
		move_to(line, column - 1);
		break;
	case '\t':
		move_to(line, (column / 8 + 1) * 8);
		break;
	default:
		if (c < ' ' || c > '~')
			break;
		screen[line][column] = c;
		move_to(line, column + 1);
	}
}

static void take(char c)
{
	static char sequence[5];
	size_t len = strlen(sequence);

	if (written_len < WRITTEN_MAX)
		written[written_len++] = c;
	if (c != '\033' && !len) {
		text(c);
		return;
	}
	sequence[len] = c;
	if (is_complete(sequence)) {
		escape(sequence);
		memset(sequence, 0, sizeof(sequence));
	}
}

/* Take what the program prints, until it prints nothing for a moment. */
static void take_all(void)
{
	struct pollfd fd = { master, POLLIN, 0 };
	char bytes[4096];
	ssize_t len, i;

	while (poll(&fd, 1, QUIET_MS) > 0) {
		len = read(master, bytes, sizeof(bytes));
		if (len <= 0)
			break;
		for (i = 0; i < len; i++)
			take(bytes[i]);
	}
}

static bool has_line(const char *pattern)
{
	int i;

	for (i = 0; i < size.ws_row; i++)
		if (!fnmatch(pattern, screen[i], 0))
			return true;
	return false;
}

static bool is_gone(const char *pattern)
{
	return !has_line(pattern);
}

static bool is_like(const char *pattern)
{
	static char all[LINES_MAX * (COLUMNS_MAX + 1) + 1];
	int i;

	all[0] = '\0';
	for (i = 0; i < size.ws_row; i++) {
		strcat(all, screen[i]);
		strcat(all, "\n");
	}
	return !fnmatch(pattern, all, 0);
}

static bool was_written(const char *bytes)
{
	return memmem(written, written_len, bytes, strlen(bytes));
}

static void wait_for(bool (*come)(const char *), const char *arg)
{
	const char *seconds = getenv("TERMINAL_PATIENCE");

	alarm(seconds ? (unsigned int)atoi(seconds) : 30);
	do
		take_all();
	while (!come(arg));
	alarm(0);
}

static bool has_ended(const char *status)
{
	int wanted = atoi(status), got;

	if (waitpid(child, &got, WNOHANG) != child)
		return false;
	child = 0;
	take_all();
	if (WIFEXITED(got) && WEXITSTATUS(got) == wanted)
		return true;
	fprintf(stderr, "terminal: ended with %#x\n", got);
	fail("end");
	return false;
}

static void resize(const char *arg)
{
	unsigned short lines, columns;

	if (sscanf(arg, "%hu %hu", &lines, &columns) != 2 ||
	    lines > LINES_MAX || columns > COLUMNS_MAX)
		fail("what is that size");
	size = (struct winsize){ .ws_row = lines, .ws_col = columns };
	/* The program draws all of it again. */
	move_to(0, 0);
	blank_rest();
	if (ioctl(master, TIOCSWINSZ, &size))
		fail("resize");
}

static void perform(void)
{
	size_t len = strcspn(step, " ");
	const char *arg = step + len + (step[len] == ' ');

	if (!strncmp(step, "see", len))
		wait_for(has_line, arg);
	else if (!strncmp(step, "gone", len))
		wait_for(is_gone, arg);
	else if (!strncmp(step, "order", len))
		wait_for(is_like, arg);
	else if (!strncmp(step, "wrote", len))
		wait_for(was_written, arg);
	else if (!strncmp(step, "end", len))
		wait_for(has_ended, arg);
	else if (!strncmp(step, "resize", len))
		resize(arg);
	else if (!strncmp(step, "signal", len))
		kill(child, atoi(arg));
	else if (!strncmp(step, "do", len) && !system(arg))
		return;
	else if (!strncmp(step, "press", len) &&
		 write(master, arg, strlen(arg)) == (ssize_t)strlen(arg))
		return;
	else
		fail(step);
}

static void start(char **argv)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	size_t i;

	child = fork();
	if (child < 0)
		fail("fork");
	if (child)
		return;
	close(master);
	if (login_tty(slave))
		_exit(127);
	/* Whoever runs the tests may have had them ignored. */
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_DFL);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct termios before, after;
	size_t room = 0;
	ssize_t len;

	if (argc < 2 || openpty(&master, &slave, NULL, NULL, &size))
		fail("start");
	fcntl(master, F_SETFL, O_NONBLOCK);
	tcgetattr(slave, &before);
	signal(SIGALRM, fail_step);
	blank_rest();
	start(argv + 1);
	while ((len = getline(&step, &room, stdin)) > 0) {
		if (step[len - 1] == '\n')
			step[len - 1] = '\0';
		perform();
	}
	free(step);
	if (child)
		fail("it has not ended");
	tcgetattr(slave, &after);
	if (after.c_lflag != before.c_lflag ||
	    after.c_iflag != before.c_iflag || after.c_oflag != before.c_oflag)
		fail("the terminal is not as it was");
	return EXIT_SUCCESS;
}
