/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_names.h - a made-up name for a customer, the same for the same id everywhere. */
#ifndef MR_CLI_CONVERT_NAMES_H
#define MR_CLI_CONVERT_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { mr_convert_name_bytes_max = 48 };

/* Writes a NUL; returns the bytes before it. Two customers may bear one name, as people do. */
size_t mr_convert_name(int64_t customer_id, char buffer[static mr_convert_name_bytes_max]);

#endif
