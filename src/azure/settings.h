/* SPDX-License-Identifier: Apache-2.0 */
/* azure/settings.h - the identity that the settings MILLRACE_AZURE_* name. */
#ifndef MR_AZURE_SETTINGS_H
#define MR_AZURE_SETTINGS_H

#include "azure/credential.h"
#include "base/config.h"

/* Texts and secrets are borrowed from the config. */
mr_azure_credential_options mr_azure_settings_identity(const mr_config *config);
/* Secrets are borrowed from the config. */
mr_status mr_azure_settings_credential(const mr_config *config,
                                       mr_azure_credential **ret_credential, mr_err *err);

/* Does the setting say who millrace is? Such a one cannot be in a vault that is read as that. */
bool mr_azure_settings_is_identity(const char *name);

#endif
