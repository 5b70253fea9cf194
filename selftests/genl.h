/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of the generic netlink family "vmi" that needs no library
 *
 * Trouble with the socket ends the program.
 */
#ifndef _SELFTESTS_GENL_H
#define _SELFTESTS_GENL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/vmi.h>

#define MAX_OBJECTS 128
#define MAX_ATTRS 16

/* A set of attributes, for types below MAX_ATTRS. */
#define ATTR(type) (1u << (type))

struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	unsigned char data[1024];
};

/* Last error of the kernel. */
struct reply {
	int error;
	char text[256];
	int offset;
	int missing;
	int objects;
};

/* Raw attributes of an object in the last answer, be it a dump or a single one. */
struct object {
	size_t len;
	const unsigned char *data;
};

extern struct reply reply;
extern struct object objects[MAX_OBJECTS];
extern int sock;
extern uint16_t family;

void die(const char *what);
void open_socket(void);
bool find_family(void);

void start(struct message *msg, uint16_t type, uint8_t cmd, uint16_t flags);
void put(struct message *msg, uint16_t type, const void *data, size_t len);
void put_string(struct message *msg, uint16_t type, const char *text);
void transact(struct message *msg);
int request_name(uint8_t cmd, uint16_t type, const char *name);
void dump(uint8_t cmd);

void parse(const unsigned char *data, size_t len, const struct nlattr **table);
const void *payload(const struct nlattr *attr);
const char *string_of(const struct object *object, int type);

#endif /* _SELFTESTS_GENL_H */
