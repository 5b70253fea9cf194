/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SCREEN_H
#define VMICTL_SCREEN_H

#include <stdbool.h>

/* Keys that are no characters. */
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

/* Of the library that is behind all this. */
const char *screen_version(void);

/* Input and output are a terminal, and TERM is one whose cursor can be moved. */
bool screen_is_possible(void);
/* Take over the terminal, until screen_close() or the end of the program. */
bool screen_open(void);
/* What is printed from here on goes below what was there before. */
void screen_close(void);

/* The terminal has another size. */
void screen_resize(void);
int screen_height(void);
int screen_width(void);

/* The next key that was pressed, without waiting. */
int screen_key(void);

/* Lines are put on an empty screen, and are seen at the end. */
void screen_begin(void);
void screen_put(int line, enum screen_look look, const char *text);
void screen_end(void);
/* The same screen again, over what others have written on it. */
void screen_repair(void);

#endif /* VMICTL_SCREEN_H */
