/* SPDX-License-Identifier: Apache-2.0 */
/* base/setting.h - one setting: what its value may be, its number, and how it is shown. */
#ifndef MR_BASE_SETTING_H
#define MR_BASE_SETTING_H

#include "base/config.h"

enum { mr_setting_allowed_bytes_max = 256 };

bool mr_setting_accepts(const mr_setting *setting, mr_text value);

/* The number of a value that is accepted (a flag's is 0 or 1); false for kinds that have none. */
bool mr_setting_number(const mr_setting *setting, mr_text value, int64_t *ret_number);

/* "a whole number from 1 to 65536 is allowed" */
void mr_setting_allowed(const mr_setting *setting, char text[static mr_setting_allowed_bytes_max]);

/* The value with its secrets masked: all of a secret one, the passwords of a URL. */
void mr_setting_show(const mr_setting *setting, mr_text value, mr_buffer *out);

#endif
