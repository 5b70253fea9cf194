// SPDX-License-Identifier: GPL-2.0-only
/* A full screen, by ncurses. No other file includes its headers. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <curses.h>
#include <term.h>

#include "screen.h"

/* Maximum time between the bytes of a key, in milliseconds. */
#define ESCAPE_DELAY 25

static SCREEN *screen;

const char *screen_version(void)
{
	return NCURSES_VERSION;
}

static bool has(const char *capability)
{
	const char *text = tigetstr(capability);

	return text && text != (const char *)-1;
}

bool screen_is_possible(void)
{
	bool possible;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return false;
	possible = has("cup") && has("clear");
	/* newterm() reads the description of the terminal again. */
	del_curterm(cur_term);
	return possible;
}

bool screen_open(void)
{
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return false;
	atexit(screen_close);
	set_escdelay(ESCAPE_DELAY);
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	curs_set(0);
	return true;
}

void screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void screen_resize(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row &&
	    size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	screen_repair();
}

int screen_height(void)
{
	return LINES;
}

int screen_width(void)
{
	return COLS;
}

int screen_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return SCREEN_NO_KEY;
	case KEY_UP:
		return SCREEN_UP;
	case KEY_DOWN:
		return SCREEN_DOWN;
	case KEY_LEFT:
		return SCREEN_LEFT;
	case KEY_RIGHT:
		return SCREEN_RIGHT;
	case KEY_PPAGE:
		return SCREEN_PAGE_UP;
	case KEY_NPAGE:
		return SCREEN_PAGE_DOWN;
	case KEY_HOME:
		return SCREEN_HOME;
	case KEY_END:
		return SCREEN_END;
	}
	return key > 0 && key < 256 ? key : SCREEN_OTHER;
}

void screen_begin(void)
{
	erase();
}

static attr_t attribute(enum screen_look look)
{
	switch (look) {
	case LOOK_BOLD:
		return A_BOLD;
	case LOOK_REVERSE:
		return A_REVERSE;
	default:
		return A_NORMAL;
	}
}

void screen_put(int line, enum screen_look look, const char *text)
{
	if (line >= LINES)
		return;
	attrset((int)attribute(look));
	mvaddnstr(line, 0, text, COLS);
	attrset(A_NORMAL);
}

void screen_end(void)
{
	refresh();
}

void screen_repair(void)
{
	clearok(curscr, TRUE);
}
