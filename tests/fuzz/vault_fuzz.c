/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/vault_fuzz.c - any text as what a vault's host, or who gives tokens, may answer.
 *
 * Input: a header, reference or answer up to a NUL, the host that gave it behind it. A challenge
 * that is taken for the host's own must name the host, or a domain that the host is in.
 */
#define _GNU_SOURCE /* strcasestr */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "azure/token_answer.h"
#include "azure/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void try_challenge(const char *text, const char *host)
{
    mr_vault_challenge challenge;

    if (mr_vault_challenge_parse(text, &challenge) && mr_vault_challenge_fits(&challenge, host)) {
        char domain[sizeof challenge.resource];
        size_t domain_bytes = strcspn(challenge.resource + 8, "/?#");

        memcpy(domain, challenge.resource + 8, domain_bytes);
        domain[domain_bytes] = '\0';
        MR_ASSERT(strncasecmp(challenge.resource, "https://", 8) == 0 && domain_bytes > 0);
        MR_ASSERT(strcasestr(host, domain) != NULL);
    }
}

static void try_answer(mr_text answer)
{
    char reason[mr_token_reason_bytes_max];
    mr_azure_token token = {.text = NULL};

    if (mr_token_answer_read(answer, 1700000000, &token, NULL) == MR_OK) {
        MR_ASSERT(token.text[0] != '\0' && strpbrk(token.text, "\r\n ") == NULL);
        MR_ASSERT(token.lifetime_s >= 0);
    }
    mr_azure_token_free(&token);
    mr_token_answer_reason(answer, "secret", reason);
    MR_ASSERT(strpbrk(reason, "\r\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 2);
    mr_vault_reference reference;

    MR_ASSERT(text != NULL);
    memcpy(text, data, bytes);
    text[bytes] = text[bytes + 1] = '\0';
    try_challenge(text, text + strlen(text) + 1);
    if (mr_vault_reference_parse(text, &reference, NULL) == MR_OK) {
        MR_ASSERT(strpbrk(reference.host, "/?#@ ") == NULL && reference.secret[0] != '\0');
    }
    try_answer((mr_text){text, strlen(text)});
    free(text);
    return 0;
}
