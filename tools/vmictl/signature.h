/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SIGNATURE_H
#define VMICTL_SIGNATURE_H

#include <jansson.h>

/*
 * Who signed the module at @path, with which key and hash, as far as libkmod is
 * there and can tell: an object, which can be empty.
 */
json_t *signature_json(const char *path);

#endif /* VMICTL_SIGNATURE_H */
