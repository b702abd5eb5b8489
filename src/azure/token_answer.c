/* SPDX-License-Identifier: Apache-2.0 */
/* azure/token_answer.c - reading the JSON of those who give tokens, and their refusals.
 *
 * Invariant: no message holds a token, or the secret it was asked for by, even when the other side
 * repeats it.
 */
#include "azure/token_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/secret.h"

enum { lifetime_s_max = 7 * 86400, lifetime_s_unknown = 300 };

void mr_azure_token_free(mr_azure_token *token)
{
    mr_secret_wipe(token->text);
    *token = (mr_azure_token){.text = NULL};
}

static bool read_seconds(yyjson_val *value, int64_t *ret_seconds)
{
    if (yyjson_is_int(value)) {
        *ret_seconds = yyjson_get_sint(value);
        return true;
    }
    return yyjson_is_str(value) &&
           mr_parse_int64((mr_text){yyjson_get_str(value), yyjson_get_len(value)}, ret_seconds);
}

/* expires_on is the sooner one where a token was kept by who gives it. An az of before 2.54 says
 * neither: then it is asked again soon. */
static int64_t lifetime_of(yyjson_val *root, int64_t now_s)
{
    int64_t seconds = 0;

    if (read_seconds(yyjson_obj_get(root, "expires_on"), &seconds)) {
        seconds -= now_s;
    } else if (!read_seconds(yyjson_obj_get(root, "expires_in"), &seconds)) {
        seconds = lifetime_s_unknown;
    }
    if (seconds < 0) {
        return 0;
    }
    return seconds > lifetime_s_max ? lifetime_s_max : seconds;
}

/* Tokens go into a header: what could end it there is no token. */
static bool is_token(const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return text[0] != '\0';
}

mr_status mr_token_answer_read(mr_text answer, int64_t now_s, mr_azure_token *ret_token,
                               mr_err *err)
{
    yyjson_doc *doc = yyjson_read(answer.data, answer.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *text = yyjson_get_str(yyjson_obj_get(root, "access_token"));

    text = text != NULL ? text : yyjson_get_str(yyjson_obj_get(root, "accessToken"));
    bool found = text != NULL && is_token(text);
    if (found) {
        *ret_token =
            (mr_azure_token){.text = mr_copy_string(text), .lifetime_s = lifetime_of(root, now_s)};
    }
    yyjson_doc_free(doc);
    return found ? MR_OK : mr_fail(err, MR_CORRUPT, "the answer holds no token");
}

/* --- Refusals --------------------------------------------------------------------------------- */

static bool holds(const char *text, const char *secret)
{
    return secret != NULL && secret[0] != '\0' && strstr(text, secret) != NULL;
}

void mr_token_answer_reason(mr_text answer, const char *secret,
                            char ret_reason[static mr_token_reason_bytes_max])
{
    yyjson_doc *doc = yyjson_read(answer.data, answer.bytes, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_val *error = yyjson_obj_get(root, "error");
    const char *code = yyjson_get_str(yyjson_is_obj(error) ? yyjson_obj_get(error, "code") : error);
    const char *text =
        yyjson_get_str(yyjson_is_obj(error) ? yyjson_obj_get(error, "message")
                                            : yyjson_obj_get(root, "error_description"));

    code = code == NULL || holds(code, secret) ? "" : code;
    text = text == NULL || holds(text, secret) ? "" : text;
    (void)snprintf(ret_reason, mr_token_reason_bytes_max, "%s%s%.*s", code,
                   code[0] != '\0' && text[0] != '\0' ? ": " : "", (int)strcspn(text, "\r\n"),
                   text);
    for (char *at = ret_reason; *at != '\0'; at++) {
        *at = (unsigned char)*at < ' ' ? ' ' : *at;
    }
    yyjson_doc_free(doc);
}
