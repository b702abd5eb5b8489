/* SPDX-License-Identifier: Apache-2.0 */
/* azure/vault.h - reading secrets of Azure Key Vault. Only `get` is asked for.
 *
 * Threads: any number may read at once; each call is on its own.
 */
#ifndef MR_AZURE_VAULT_H
#define MR_AZURE_VAULT_H

#include "azure/credential.h"
#include "azure/request.h"

enum { mr_vault_value_bytes_max = 65536 };

/* "keyvault://name/secret[/version]" for a vault of the public cloud, by its name alone, or
 * "keyvault://host[:port]/secret[/version]" for any other: a host has a dot or a port. */
typedef struct mr_vault_reference {
    char host[256]; /* "name.vault.azure.net", "localhost:8443" */
    char secret[128];
    char version[64]; /* "": the current one */
} mr_vault_reference;

/* MR_INVALID: err says how one is written. */
mr_status mr_vault_reference_parse(const char *text, mr_vault_reference *ret_reference,
                                   mr_err *err);

/* What a 401 asks for, by its WWW-Authenticate. */
typedef struct mr_vault_challenge {
    char authority[256]; /* "https://login.microsoftonline.com/<tenant>"; "" when it is not said */
    char resource[256];  /* "https://vault.azure.net" */
} mr_vault_challenge;

/* Of `Bearer authorization="...", resource="..."`; authorization_uri and scope are understood too.
 * false: it is no such challenge. */
bool mr_vault_challenge_parse(const char *header, mr_vault_challenge *ret_challenge);
/* May a token for this resource be sent to this host? Only to the resource's own host, or one below
 * its domain: else whoever answers for a host would be given a token for another. */
bool mr_vault_challenge_fits(const mr_vault_challenge *challenge, const char *host);

/* Appends the secret's value. MR_NOT_FOUND: there is no such secret; MR_INVALID: refused, or the
 * challenge is of another domain; MR_UNAVAILABLE: the vault cannot be reached. err names the
 * secret by its URL, never its value. */
mr_status mr_vault_read(mr_requests *requests, mr_azure_credential *credential,
                        const mr_vault_reference *reference, mr_buffer *out, mr_err *err);

#endif
