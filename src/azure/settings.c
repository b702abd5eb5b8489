/* SPDX-License-Identifier: Apache-2.0 */
/* azure/settings.c - from settings to a credential.
 *
 * Called by: the commands, for the lake and for references; keeps nothing.
 */
#include "azure/settings.h"

static const struct {
    const char *name;
    mr_azure_identity identity;
} identities[] = {
    {"auto", MR_AZURE_AUTO},
    {"client-secret", MR_AZURE_CLIENT_SECRET},
    {"client-certificate", MR_AZURE_CLIENT_CERTIFICATE},
    {"workload-identity", MR_AZURE_WORKLOAD_IDENTITY},
    {"managed-identity", MR_AZURE_MANAGED_IDENTITY},
    {"cli", MR_AZURE_CLI},
};

static mr_azure_identity identity_of(const char *name)
{
    size_t index = 0;

    while (strcmp(identities[index].name, name) != 0) {
        index++;
        MR_ASSERT(index < sizeof identities / sizeof identities[0]); /* the table checks it */
    }
    return identities[index].identity;
}

mr_azure_credential_options mr_azure_settings_identity(const mr_config *config)
{
    return (mr_azure_credential_options){
        .identity = identity_of(mr_config_text(config, "MILLRACE_AZURE_AUTH")),
        .tenant_id = mr_config_text(config, "MILLRACE_AZURE_TENANT_ID"),
        .client_id = mr_config_text(config, "MILLRACE_AZURE_CLIENT_ID"),
        .client_secret = mr_config_secret(config, "MILLRACE_AZURE_CLIENT_SECRET"),
        .client_certificate = mr_config_text(config, "MILLRACE_AZURE_CLIENT_CERTIFICATE"),
        .client_certificate_password =
            mr_config_secret(config, "MILLRACE_AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        .federated_token_file = mr_config_text(config, "MILLRACE_AZURE_FEDERATED_TOKEN_FILE"),
        .authority = mr_config_text(config, "MILLRACE_AZURE_AUTHORITY"),
        .identity_endpoint = mr_config_text(config, "MILLRACE_AZURE_IDENTITY_ENDPOINT"),
        .identity_header = mr_config_secret(config, "MILLRACE_AZURE_IDENTITY_HEADER"),
        .metadata_host = mr_config_text(config, "MILLRACE_AZURE_METADATA_HOST"),
        .ca_file = mr_config_text(config, "MILLRACE_AZURE_CA_FILE"),
    };
}

mr_status mr_azure_settings_credential(const mr_config *config,
                                       mr_azure_credential **ret_credential, mr_err *err)
{
    const mr_azure_credential_options options = mr_azure_settings_identity(config);

    return mr_azure_credential_create(&options, ret_credential, err);
}

bool mr_azure_settings_is_identity(const char *name)
{
    static const char *const names[] = {
        "MILLRACE_AZURE_AUTH",
        "MILLRACE_AZURE_TENANT_ID",
        "MILLRACE_AZURE_CLIENT_ID",
        "MILLRACE_AZURE_CLIENT_SECRET",
        "MILLRACE_AZURE_CLIENT_CERTIFICATE",
        "MILLRACE_AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "MILLRACE_AZURE_FEDERATED_TOKEN_FILE",
        "MILLRACE_AZURE_AUTHORITY",
        "MILLRACE_AZURE_IDENTITY_ENDPOINT",
        "MILLRACE_AZURE_IDENTITY_HEADER",
        "MILLRACE_AZURE_METADATA_HOST",
        "MILLRACE_AZURE_CA_FILE",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}
