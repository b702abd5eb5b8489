/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings.h - the one table of settings; the options of the rooms made from it are with it. */
#ifndef MR_CLI_SETTINGS_H
#define MR_CLI_SETTINGS_H

#include "base/config.h"
#include "query/settings.h"

extern const mr_setting mr_settings[];
extern const size_t mr_setting_count;

#endif
