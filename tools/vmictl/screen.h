/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SCREEN_H
#define VMICTL_SCREEN_H

#include <stdbool.h>

/* Keys that are not characters. */
enum {
	SCREEN_NO_KEY = -1,
	SCREEN_UP = -2,
	SCREEN_DOWN = -3,
	SCREEN_PAGE_UP = -4,
	SCREEN_PAGE_DOWN = -5,
	SCREEN_HOME = -6,
	SCREEN_END = -7,
	SCREEN_LEFT = -8,
	SCREEN_RIGHT = -9,
	SCREEN_OTHER = -10,
};

enum screen_look {
	LOOK_PLAIN,
	LOOK_BOLD,
	LOOK_REVERSE,
};

/* Return the version of ncurses. */
const char *screen_version(void);

/*
 * Return whether stdin and stdout are a terminal that can clear the screen and
 * move the cursor.
 */
bool screen_is_possible(void);
/* Take over the terminal, until screen_close() or the end of the program. */
bool screen_open(void);
/* Restore the terminal. Later output goes below the earlier output. */
void screen_close(void);

/* Adapt to a new size of the terminal. */
void screen_resize(void);
int screen_height(void);
int screen_width(void);

/* Return the next key without waiting; SCREEN_NO_KEY if there is none. */
int screen_key(void);

/* Draw a screen: begin with an empty one, put lines on it, and show it. */
void screen_begin(void);
void screen_put(int line, enum screen_look look, const char *text);
void screen_end(void);
/* Redraw everything with the next screen_end(), over the output of others. */
void screen_repair(void);

#endif /* VMICTL_SCREEN_H */
