/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings_try.h - tries what the settings name: folder, addresses, certificate, URLs.
 *
 * Creates and changes nothing. Values are checked one by one already (mr_config_check); this looks
 * at the world around them and at settings that contradict each other.
 */
#ifndef MR_CLI_SETTINGS_TRY_H
#define MR_CLI_SETTINGS_TRY_H

#include "base/config.h"

typedef enum mr_trial_result { MR_TRIAL_OK, MR_TRIAL_WARNING, MR_TRIAL_FAILED } mr_trial_result;

/* subject: the setting's name; message: borrowed for the call. */
typedef void (*mr_trial_fn)(void *ctx, mr_trial_result result, const char *subject,
                            const char *message);

void mr_settings_try(const mr_config *config, mr_trial_fn report, void *ctx);

#endif
