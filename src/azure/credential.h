/* SPDX-License-Identifier: Apache-2.0 */
/* azure/credential.h - who millrace is for Azure, and where its tokens come from.
 *
 * Threads: a credential may be shared by any. Tokens are kept by scope and renewed at least five
 * minutes before they end, by whoever asks first; others go on with the old one while it is good.
 * No secret and no token stands in any message.
 */
#ifndef MR_AZURE_CREDENTIAL_H
#define MR_AZURE_CREDENTIAL_H

#include <stdint.h>

#include "base/memory.h"
#include "base/secret.h"
#include "base/status.h"

#define MR_AZURE_SCOPE_STORAGE "https://storage.azure.com/.default"
#define MR_AZURE_SCOPE_VAULT   "https://vault.azure.net/.default"

enum { mr_azure_token_bytes_max = 65536 };

typedef enum mr_azure_identity {
    MR_AZURE_AUTO, /* the first of these that is set up and gives a token, in this order: */
    MR_AZURE_CLIENT_SECRET,
    MR_AZURE_CLIENT_CERTIFICATE,
    MR_AZURE_WORKLOAD_IDENTITY,
    MR_AZURE_MANAGED_IDENTITY,
    MR_AZURE_CLI,
} mr_azure_identity;

/* Texts may be NULL: not set. All are copied but for the secrets, which are borrowed for the
 * credential's life and read anew for every token. */
typedef struct mr_azure_credential_options {
    mr_azure_identity identity;
    const char *tenant_id;
    const char *client_id; /* of the service principal; of a user-assigned managed identity */
    const mr_secret *client_secret;
    const char *client_certificate; /* PEM file: the certificate, its chain, its private key */
    const mr_secret *client_certificate_password;
    const char *federated_token_file; /* workload identity; read anew for every token */
    const char *authority;            /* NULL: https://login.microsoftonline.com */
    const char *identity_endpoint;    /* App Service, Container Apps: IDENTITY_ENDPOINT */
    const mr_secret *identity_header; /* ... and IDENTITY_HEADER */
    const char *metadata_host;        /* NULL: http://169.254.169.254, a machine's own */
    const char *cli_program;          /* NULL: az, on the PATH */
    const char *ca_file;              /* PEM of the authorities to trust; NULL: the system's */
    int64_t (*clock_us)(void);        /* NULL: mr_monotonic_us; for tests */
} mr_azure_credential_options;

typedef struct mr_azure_credential mr_azure_credential;

/* Asks nobody yet. MR_INVALID: err names what the identity needs and is not set. */
mr_status mr_azure_credential_create(const mr_azure_credential_options *options,
                                     mr_azure_credential **ret_credential, mr_err *err);
void mr_azure_credential_destroy(mr_azure_credential *credential); /* NULL is fine */

/* Appends a token for the scope, good for a while yet. May block for seconds, when none is kept.
 * MR_INVALID: the identity was refused; MR_UNAVAILABLE: whoever gives tokens is away or busy;
 * MR_NOT_FOUND: auto, and nothing is set up here; err says what each said. */
mr_status mr_azure_credential_token(mr_azure_credential *credential, const char *scope,
                                    mr_buffer *out, mr_err *err);

/* A service answered 401 to this token: it is not given again. */
void mr_azure_credential_refused(mr_azure_credential *credential, const char *scope, mr_text token);

/* "managed identity"; of auto: the one that it took, or "auto" while there is none. Static. */
const char *mr_azure_credential_name(mr_azure_credential *credential);

#endif
