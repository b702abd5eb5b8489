/* SPDX-License-Identifier: Apache-2.0 */
/* azure/vault_challenge.c - what a reference names, and what a vault's 401 asks for.
 *
 * Called by: vault.c, and the fuzzer with any text; parses only, asks nobody.
 */
#include <stdio.h>
#include <strings.h>

#include "azure/vault.h"

static const char reference_scheme[] = "keyvault://";
static const char resource_scheme[] = "https://";

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

/* --- References ------------------------------------------------------------------------------- */

/* Copies the part up to '/' or the end; NULL: it is not made of `allowed`, or does not fit. */
static const char *take_part(const char *text, const char *allowed, char *part, size_t size)
{
    size_t bytes = strspn(text, allowed);

    if (bytes == 0 || bytes >= size || (text[bytes] != '\0' && text[bytes] != '/')) {
        return NULL;
    }
    (void)snprintf(part, size, "%.*s", (int)bytes, text);
    return text + bytes;
}

static bool parse_parts(const char *text, mr_vault_reference *r)
{
    text = take_part(text, LETTERS DIGITS ".-:", r->host, sizeof r->host);
    if (text == NULL || *text != '/') {
        return false;
    }
    text = take_part(text + 1, LETTERS DIGITS "-", r->secret, sizeof r->secret);
    if (text != NULL && *text == '/') {
        text = take_part(text + 1, LETTERS DIGITS, r->version, sizeof r->version);
    }
    return text != NULL && *text == '\0';
}

mr_status mr_vault_reference_parse(const char *text, mr_vault_reference *ret_reference, mr_err *err)
{
    static const char public_domain[] = ".vault.azure.net";
    mr_vault_reference r = {.host = ""};

    if (strncmp(text, reference_scheme, sizeof reference_scheme - 1) != 0 ||
        !parse_parts(text + sizeof reference_scheme - 1, &r) ||
        strlen(r.host) + sizeof public_domain > sizeof r.host) {
        return mr_fail(err, MR_INVALID,
                       "a secret of a vault is written keyvault://vault/name[/version], or "
                       "keyvault://host[:port]/name[/version] for a vault of another cloud");
    }
    if (strpbrk(r.host, ".:") == NULL) {
        memcpy(r.host + strlen(r.host), public_domain, sizeof public_domain);
    }
    *ret_reference = r;
    return MR_OK;
}

/* --- Challenges ------------------------------------------------------------------------------- */

/* The next `name="value"` or `name=value` of a header; false: there is none. */
static bool next_parameter(const char **at, mr_text *ret_name, mr_text *ret_value)
{
    const char *text = *at + strspn(*at, " \t,");
    size_t name_bytes = strcspn(text, "= \t,");

    if (name_bytes == 0 || text[name_bytes] != '=') {
        return false;
    }
    *ret_name = (mr_text){text, name_bytes};
    text += name_bytes + 1;
    if (*text == '"') {
        text++;
        *ret_value = (mr_text){text, strcspn(text, "\"")};
        if (text[ret_value->bytes] != '"') {
            return false;
        }
        *at = text + ret_value->bytes + 1;
        return true;
    }
    *ret_value = (mr_text){text, strcspn(text, " \t,")};
    *at = text + ret_value->bytes;
    return true;
}

static bool copy(mr_text value, char *into, size_t size)
{
    if (value.bytes == 0 || value.bytes >= size || memchr(value.data, '%', value.bytes) != NULL) {
        return false;
    }
    (void)snprintf(into, size, "%.*s", MR_TEXT_ARGS(value));
    return true;
}

/* "https://vault.azure.net/.default" names the resource before "/.default". */
static mr_text without_default(mr_text scope)
{
    static const char ending[] = "/.default";
    const size_t bytes = sizeof ending - 1;

    if (scope.bytes > bytes && memcmp(scope.data + scope.bytes - bytes, ending, bytes) == 0) {
        scope.bytes -= bytes;
    }
    return scope;
}

bool mr_vault_challenge_parse(const char *header, mr_vault_challenge *ret_challenge)
{
    static const char scheme[] = "Bearer ";
    mr_vault_challenge c = {.authority = ""};
    mr_text name, value;
    const char *at = header;

    if (strncasecmp(at, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    at += sizeof scheme - 1;
    while (next_parameter(&at, &name, &value)) {
        if (mr_text_equal_ignoring_case(name, MR_TEXT_LITERAL("authorization")) ||
            mr_text_equal_ignoring_case(name, MR_TEXT_LITERAL("authorization_uri"))) {
            (void)copy(value, c.authority, sizeof c.authority); /* for messages alone */
        } else if (mr_text_equal_ignoring_case(name, MR_TEXT_LITERAL("resource")) ||
                   mr_text_equal_ignoring_case(name, MR_TEXT_LITERAL("scope"))) {
            if (!copy(without_default(value), c.resource, sizeof c.resource)) {
                return false;
            }
        }
    }
    if (c.resource[0] == '\0') {
        return false;
    }
    *ret_challenge = c;
    return true;
}

bool mr_vault_challenge_fits(const mr_vault_challenge *challenge, const char *host)
{
    const char *domain = challenge->resource + sizeof resource_scheme - 1;

    if (strncasecmp(challenge->resource, resource_scheme, sizeof resource_scheme - 1) != 0) {
        return false;
    }
    size_t domain_bytes = strcspn(domain, "/?#");
    if (domain_bytes == 0 || strcspn(domain, "@\\") < domain_bytes) {
        return false;
    }
    if (strlen(host) == domain_bytes) {
        return strncasecmp(host, domain, domain_bytes) == 0;
    }
    /* Below a domain: of two names at least, so that no top-level domain is one. */
    size_t host_bytes = strcspn(host, ":");
    return memchr(domain, '.', domain_bytes) != NULL && host_bytes > domain_bytes &&
           host[host_bytes - domain_bytes - 1] == '.' &&
           strncasecmp(host + host_bytes - domain_bytes, domain, domain_bytes) == 0;
}
