/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SIGNATURE_H
#define VMICTL_SIGNATURE_H

#include <jansson.h>

/*
 * Return the signer, key and hash of the signature of the module at @path, as
 * far as libkmod is present and can tell. The object can be empty.
 */
json_t *signature_json(const char *path);

#endif /* VMICTL_SIGNATURE_H */
