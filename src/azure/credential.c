/* SPDX-License-Identifier: Apache-2.0 */
/* azure/credential.c - tokens kept by scope, renewed by one while the others go on.
 *
 * A slot per scope; `renewing` says that a thread is out asking, without the lock:
 *
 *   none --claim--> renewing --keep--> kept --(near its end) claim--> renewing, the old one given
 *                      |                 ^ |
 *                      +--note_failure---+ +--mr_azure_credential_refused--> none
 *
 * Owns:       copies of the options, the tokens (wiped), the connections.
 * Lock:       one, around the slots and the choice of auto; never held while somebody is asked.
 * Invariants: (1) at most one thread asks for a scope at a time; (2) a token is not given behind
 *             its end; (3) an identity that auto has taken is not left for another: a service
 *             that is away for a while must not make millrace somebody else.
 * Not here:   how each identity asks (identity.c).
 */
#include "azure/credential.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "azure/identity.h"
#include "base/civil.h"

enum {
    scopes_max = 16,
    scope_bytes_max = 256,
    early_s = 600,   /* renewed so long before the end, or at half of a short life */
    spare_s = 30,    /* not given so shortly before the end, or a tenth of a short life */
    again_s = 30,    /* between two failed renewals while the old one is good */
    told_bytes = 96, /* of what each identity said, when none works */
};

typedef struct slot {
    char scope[scope_bytes_max];
    char *token; /* NULL: none */
    int64_t renew_us, end_us;
    int64_t again_us; /* no renewal before */
    bool renewing;
    uint64_t attempts; /* that have ended */
    mr_status failed;  /* how the last one ended, and ... */
    mr_err failure;
} slot;

struct mr_azure_credential {
    mr_identity identity;
    int64_t (*clock_us)(void);
    pthread_mutex_t lock;
    pthread_cond_t ended;    /* an attempt has; of any slot */
    mr_azure_identity taken; /* guarded by lock; AUTO: none yet */
    slot slots[scopes_max];  /* guarded by lock */
    size_t slot_count;
};

/* --- Opening ---------------------------------------------------------------------------------- */

static const char **texts_of(mr_azure_credential_options *o, size_t index)
{
    const char **texts[] = {
        &o->tenant_id, &o->client_id,         &o->client_certificate, &o->federated_token_file,
        &o->authority, &o->identity_endpoint, &o->metadata_host,      &o->cli_program,
        &o->ca_file};

    return index < sizeof texts / sizeof texts[0] ? texts[index] : NULL;
}

static const char *given_or(const char *text, const char *otherwise)
{
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

static void copy_options(mr_azure_credential *credential,
                         const mr_azure_credential_options *options)
{
    mr_azure_credential_options *o = &credential->identity.options;

    *o = *options;
    o->authority = given_or(o->authority, "https://login.microsoftonline.com");
    o->metadata_host = given_or(o->metadata_host, "http://169.254.169.254");
    o->cli_program = given_or(o->cli_program, "az");
    for (size_t i = 0; texts_of(o, i) != NULL; i++) {
        const char **text = texts_of(o, i);
        *text = given_or(*text, NULL) == NULL ? NULL : mr_copy_string(*text);
    }
}

mr_status mr_azure_credential_create(const mr_azure_credential_options *options,
                                     mr_azure_credential **ret_credential, mr_err *err)
{
    mr_azure_credential *credential = mr_alloc_zero(1, sizeof *credential);
    const mr_requests_options requests = {.ca_file = given_or(options->ca_file, NULL)};

    copy_options(credential, options);
    credential->clock_us = options->clock_us != NULL ? options->clock_us : mr_monotonic_us;
    credential->taken = options->identity;
    credential->identity.requests = mr_requests_create(&requests);
    MR_ASSERT(pthread_mutex_init(&credential->lock, NULL) == 0);
    MR_ASSERT(pthread_cond_init(&credential->ended, NULL) == 0);
    const char *lacking = mr_identity_lacks(&credential->identity, options->identity);
    if (lacking != NULL) {
        mr_azure_credential_destroy(credential);
        return mr_fail(err, MR_INVALID, "Azure: an identity by %s needs %s",
                       mr_identity_name(options->identity), lacking);
    }
    *ret_credential = credential;
    return MR_OK;
}

void mr_azure_credential_destroy(mr_azure_credential *credential)
{
    if (credential == NULL) {
        return;
    }
    for (size_t i = 0; i < credential->slot_count; i++) {
        MR_ASSERT(!credential->slots[i].renewing);
        mr_secret_wipe(credential->slots[i].token);
    }
    for (size_t i = 0; texts_of(&credential->identity.options, i) != NULL; i++) {
        free((void *)(uintptr_t)*texts_of(&credential->identity.options, i)); /* ours */
    }
    mr_requests_destroy(credential->identity.requests);
    (void)pthread_cond_destroy(&credential->ended);
    (void)pthread_mutex_destroy(&credential->lock);
    free(credential);
}

/* --- Whom to ask ------------------------------------------------------------------------------ */

/* One of auto's. MR_NOT_FOUND: it is not set up here, or there is none; the next one's turn. */
static mr_status try_one(const mr_identity *identity, mr_azure_identity which, const char *scope,
                         mr_azure_token *ret_token, mr_err *err)
{
    const char *lacking = mr_identity_lacks(identity, which);

    if (lacking != NULL) {
        return mr_fail(err, MR_NOT_FOUND, "%s is not set", lacking);
    }
    mr_status st = mr_identity_ask(identity, which, scope, true, ret_token, err);
    if (st != MR_OK && (which == MR_AZURE_MANAGED_IDENTITY || which == MR_AZURE_CLI)) {
        return mr_fail(err, MR_NOT_FOUND, "%s", err->message);
    }
    return st; /* what is set up is meant: its failure is not hidden behind the next one's */
}

static mr_status ask_each(const mr_identity *identity, const char *scope,
                          mr_azure_identity *ret_taken, mr_azure_token *ret_token, mr_err *err)
{
    char told[mr_err_message_bytes_max] = "";

    for (int which = MR_AZURE_CLIENT_SECRET; which <= MR_AZURE_CLI; which++) {
        mr_err failure;
        mr_status st = try_one(identity, (mr_azure_identity)which, scope, ret_token, &failure);

        if (st == MR_OK) {
            *ret_taken = (mr_azure_identity)which;
            return MR_OK;
        }
        if (st != MR_NOT_FOUND) {
            return mr_fail(err, st, "%s: %s", mr_identity_name((mr_azure_identity)which),
                           failure.message);
        }
        size_t bytes = strlen(told);
        (void)snprintf(told + bytes, sizeof told - bytes, "%s%s: %.*s", bytes > 0 ? "; " : "",
                       mr_identity_name((mr_azure_identity)which), told_bytes, failure.message);
    }
    return mr_fail(err, MR_NOT_FOUND, "no identity works here: %s", told);
}

/* Without the lock. taken: AUTO: whichever works, told by *ret_taken. */
static mr_status ask(mr_azure_credential *credential, mr_azure_identity taken, const char *scope,
                     mr_azure_identity *ret_taken, mr_azure_token *ret_token, mr_err *err)
{
    mr_status st;

    *ret_taken = taken;
    if (taken == MR_AZURE_AUTO) {
        st = ask_each(&credential->identity, scope, ret_taken, ret_token, err);
        return st == MR_OK ? st : mr_fail_in(err, st, "Azure token");
    }
    st = mr_identity_ask(&credential->identity, taken, scope, false, ret_token, err);
    return st == MR_OK ? st : mr_fail_in(err, st, "Azure token by %s", mr_identity_name(taken));
}

/* --- Keeping ---------------------------------------------------------------------------------- */

static slot *slot_of(mr_azure_credential *credential, const char *scope)
{
    for (size_t i = 0; i < credential->slot_count; i++) {
        if (strcmp(credential->slots[i].scope, scope) == 0) {
            return &credential->slots[i];
        }
    }
    if (credential->slot_count == scopes_max || strlen(scope) >= scope_bytes_max) {
        return NULL;
    }
    slot *fresh = &credential->slots[credential->slot_count++];
    (void)snprintf(fresh->scope, sizeof fresh->scope, "%s", scope);
    return fresh;
}

static void keep(slot *s, mr_azure_token *token, int64_t now_us)
{
    const int64_t life_s = token->lifetime_s;
    const int64_t early = life_s >= early_s * INT64_C(3) ? early_s : life_s / 2;
    const int64_t spare = life_s >= spare_s * INT64_C(10) ? spare_s : life_s / 10;

    mr_secret_wipe(s->token);
    s->token = token->text;
    s->renew_us = now_us + (life_s - early) * 1000000;
    s->end_us = now_us + (life_s - spare) * 1000000;
    token->text = NULL;
}

static bool is_good(const slot *s, int64_t now_us)
{
    return s->token != NULL && now_us < s->end_us;
}

/* Goes out for a token; the lock is held on entry and on return, not meanwhile. */
static void renew(mr_azure_credential *credential, slot *s)
{
    mr_azure_identity taken = credential->taken;
    mr_azure_token token = {.text = NULL};
    mr_err failure;

    s->renewing = true;
    (void)pthread_mutex_unlock(&credential->lock);
    mr_status st = ask(credential, taken, s->scope, &taken, &token, &failure);
    (void)pthread_mutex_lock(&credential->lock);
    s->renewing = false;
    s->attempts++;
    s->failed = st;
    if (st == MR_OK) {
        credential->taken = taken;
        keep(s, &token, credential->clock_us());
    } else {
        s->failure = failure;
        s->again_us = credential->clock_us() + (int64_t)again_s * 1000000;
    }
    mr_azure_token_free(&token);
    (void)pthread_cond_broadcast(&credential->ended);
}

/* Until there is a token that may be given, or the attempt that was waited for has failed. */
static mr_status bring(mr_azure_credential *credential, slot *s)
{
    const int64_t now_us = credential->clock_us();

    if (is_good(s, now_us) && (now_us < s->renew_us || s->renewing || now_us < s->again_us)) {
        return MR_OK;
    }
    if (s->renewing) {
        const uint64_t attempt = s->attempts;
        while (s->renewing && s->attempts == attempt) {
            (void)pthread_cond_wait(&credential->ended, &credential->lock);
        }
    } else {
        renew(credential, s);
    }
    return s->failed == MR_OK || is_good(s, credential->clock_us()) ? MR_OK : s->failed;
}

mr_status mr_azure_credential_token(mr_azure_credential *credential, const char *scope,
                                    mr_buffer *out, mr_err *err)
{
    mr_status st = MR_OK;

    (void)pthread_mutex_lock(&credential->lock);
    slot *s = slot_of(credential, scope);
    if (s == NULL) {
        st =
            mr_fail(err, MR_LIMIT, "Azure token: more than %d scopes, or one too long", scopes_max);
    } else if (bring(credential, s) != MR_OK) {
        st = mr_fail(err, s->failure.status, "%s", s->failure.message);
    } else if (s->token == NULL || !mr_buffer_append_string(out, s->token)) {
        st = mr_fail(err, s->token == NULL ? MR_UNAVAILABLE : MR_LIMIT, "Azure token: %s",
                     s->token == NULL ? "it was refused meanwhile" : "it is too long");
    }
    (void)pthread_mutex_unlock(&credential->lock);
    return st;
}

void mr_azure_credential_refused(mr_azure_credential *credential, const char *scope, mr_text token)
{
    (void)pthread_mutex_lock(&credential->lock);
    slot *s = slot_of(credential, scope);
    if (s != NULL && s->token != NULL && mr_secret_equal(mr_text_of(s->token), token)) {
        mr_secret_wipe(s->token);
        s->token = NULL;
    }
    (void)pthread_mutex_unlock(&credential->lock);
}

const char *mr_azure_credential_name(mr_azure_credential *credential)
{
    (void)pthread_mutex_lock(&credential->lock);
    const char *name = mr_identity_name(credential->taken);
    (void)pthread_mutex_unlock(&credential->lock);
    return name;
}
