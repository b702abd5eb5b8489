/* SPDX-License-Identifier: Apache-2.0 */
/* cli/web_settings.h - the options of the web, made from the settings. */
#ifndef MR_CLI_WEB_SETTINGS_H
#define MR_CLI_WEB_SETTINGS_H

#include "base/config.h"
#include "web/web.h"

/* Texts are borrowed from the config. */
mr_web_options mr_settings_web(const mr_config *config);

#endif
