/* SPDX-License-Identifier: Apache-2.0 */
/* azure/identity.h - one way to ask for a token; each call asks anew. For credential.c, which keeps
 * tokens and decides whom to ask.
 *
 * Threads: any number may ask at once.
 */
#ifndef MR_AZURE_IDENTITY_H
#define MR_AZURE_IDENTITY_H

#include "azure/credential.h"
#include "azure/request.h"
#include "azure/token_answer.h"

typedef struct mr_identity {
    mr_azure_credential_options options; /* texts are owned by the credential, and none of those
                                          * with a default is NULL */
    mr_requests *requests;
} mr_identity;

/* What the identity needs and is not set: "MILLRACE_AZURE_CLIENT_ID"; NULL: nothing. Static. */
const char *mr_identity_lacks(const mr_identity *identity, mr_azure_identity which);

/* "client secret" ... Static. */
const char *mr_identity_name(mr_azure_identity which);

/* Asks. probing: give up within two seconds where nobody answers. */
mr_status mr_identity_ask(const mr_identity *identity, mr_azure_identity which, const char *scope,
                          bool probing, mr_azure_token *ret_token, mr_err *err);

/* identity_cli.c: the Azure CLI, run without a shell. */
mr_status mr_identity_ask_cli(const mr_identity *identity, const char *resource,
                              mr_azure_token *ret_token, mr_err *err);

/* What follows the scope's host is cut off: "https://vault.azure.net". */
enum { mr_identity_resource_bytes_max = 256 };
void mr_identity_resource(const char *scope,
                          char ret_resource[static mr_identity_resource_bytes_max]);

#endif
