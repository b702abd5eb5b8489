/* SPDX-License-Identifier: Apache-2.0 */
/* cli/secrets.c - the reader of vaults, and the thread that reads again.
 *
 * Owns:       the identity and the connections by which vaults are read, made when a reference
 *             first needs them; the thread.
 * Threads:    the command's own until mr_cli_watch_secrets, then the watch's alone.
 * Invariants: (1) an identity is not read from a vault that is read as it; (2) a value that cannot
 *             be read again stays what it was; that is logged once, and when it is over once more.
 * Not here:   how a reference is written and kept (base/reference.c), Key Vault (azure/vault.c).
 */
#include "cli/secrets.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "azure/settings.h"
#include "azure/vault.h"
#include "base/log.h"
#include "base/thread.h"
#include "cli/cli_private.h"

enum { failing_max = 64 };

struct mr_secrets {
    mr_config *config;
    mr_azure_credential *credential; /* NULL: not needed yet */
    mr_requests *requests;
    bool is_watching;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;                      /* guarded by lock */
    const char *failing[failing_max]; /* names of settings whose last reading failed */
};

mr_secrets *mr_secrets_open(mr_config *config)
{
    mr_secrets *secrets = mr_alloc_zero(1, sizeof *secrets);

    secrets->config = config;
    MR_ASSERT(pthread_mutex_init(&secrets->lock, NULL) == 0);
    mr_condition_init(&secrets->wake);
    return secrets;
}

void mr_secrets_close(mr_secrets *secrets)
{
    if (secrets == NULL) {
        return;
    }
    if (secrets->is_watching) {
        (void)pthread_mutex_lock(&secrets->lock);
        secrets->ending = true;
        (void)pthread_cond_signal(&secrets->wake);
        (void)pthread_mutex_unlock(&secrets->lock);
        (void)pthread_join(secrets->thread, NULL);
    }
    mr_azure_credential_destroy(secrets->credential);
    mr_requests_destroy(secrets->requests);
    (void)pthread_cond_destroy(&secrets->wake);
    (void)pthread_mutex_destroy(&secrets->lock);
    free(secrets);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static mr_status read_vault(void *ctx, const char *setting, const char *text, mr_buffer *out,
                            mr_err *err)
{
    mr_secrets *secrets = ctx;
    mr_vault_reference reference;

    if (mr_azure_settings_is_identity(setting)) {
        return mr_fail(err, MR_INVALID,
                       "who reads the vault cannot be read from it; file: and env: can be");
    }
    mr_status st = mr_vault_reference_parse(text, &reference, err);
    if (st == MR_OK && secrets->credential == NULL) {
        st = mr_azure_settings_credential(secrets->config, &secrets->credential, err);
    }
    if (st == MR_OK && secrets->requests == NULL) {
        const mr_requests_options options = {
            .ca_file = mr_config_text(secrets->config, "MILLRACE_AZURE_CA_FILE")};
        secrets->requests = mr_requests_create(&options);
    }
    return st == MR_OK ? mr_vault_read(secrets->requests, secrets->credential, &reference, out, err)
                       : st;
}

mr_status mr_secrets_resolve(mr_secrets *secrets, mr_err *err)
{
    const mr_reference_reader reader = {.read = read_vault, .ctx = secrets};

    return mr_config_resolve(secrets->config, &reader, err);
}

void mr_secrets_read_all(mr_secrets *secrets, mr_config_told_fn told, void *ctx)
{
    const mr_reference_reader reader = {.read = read_vault, .ctx = secrets};

    mr_config_refresh(secrets->config, &reader, told, ctx);
}

/* --- The watch -------------------------------------------------------------------------------- */

/* Where the name stands among those failing, or a free place, or failing_max. */
static size_t place_of(const mr_secrets *secrets, const char *name)
{
    size_t free_place = failing_max;

    for (size_t i = 0; i < failing_max; i++) {
        if (secrets->failing[i] == name) {
            return i;
        }
        free_place = secrets->failing[i] == NULL && free_place == failing_max ? i : free_place;
    }
    return free_place;
}

static void log_outcome(void *ctx, const char *name, const char *reference, bool changed, bool live,
                        const mr_err *err)
{
    mr_secrets *secrets = ctx;
    size_t place = place_of(secrets, name);
    bool was_failing = place < failing_max && secrets->failing[place] == name;

    if (err != NULL && !was_failing) {
        mr_log_warn("%s is %s: %s; the value it had is kept", name, reference, err->message);
    } else if (err == NULL && was_failing) {
        mr_log_info("%s is %s: it can be read again", name, reference);
    }
    if (place < failing_max) {
        secrets->failing[place] = err != NULL ? name : NULL;
    }
    if (err == NULL && changed) {
        mr_log_info("%s is %s: a new value, %s", name, reference,
                    live ? "taken from now on" : "taken when this role starts again");
    }
}

static void *watch(void *ctx)
{
    mr_secrets *secrets = ctx;
    const uint64_t period_ms = mr_config_duration_ms(secrets->config, "MILLRACE_SECRETS_REFRESH");
    struct timespec at;

    (void)pthread_mutex_lock(&secrets->lock);
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    while (!secrets->ending) {
        at.tv_sec += (time_t)(period_ms / 1000);
        at.tv_nsec += (long)(period_ms % 1000) * 1000000;
        at.tv_sec += at.tv_nsec / 1000000000;
        at.tv_nsec %= 1000000000;
        int waited = 0;
        while (!secrets->ending && waited == 0) {
            waited = pthread_cond_timedwait(&secrets->wake, &secrets->lock, &at);
        }
        if (!secrets->ending) {
            (void)pthread_mutex_unlock(&secrets->lock);
            mr_secrets_read_all(secrets, log_outcome, secrets);
            (void)clock_gettime(CLOCK_MONOTONIC, &at);
            (void)pthread_mutex_lock(&secrets->lock);
        }
    }
    (void)pthread_mutex_unlock(&secrets->lock);
    return NULL;
}

void mr_cli_watch_secrets(mr_cli *cli)
{
    mr_secrets *secrets = cli->secrets;
    const size_t count = mr_config_reference_count(cli->config);

    if (secrets->credential != NULL) {
        mr_log_info("%zu settings are references; vaults are read as %s", count,
                    mr_azure_credential_name(secrets->credential));
    }
    if (count == 0 || mr_config_duration_ms(cli->config, "MILLRACE_SECRETS_REFRESH") == 0) {
        return;
    }
    MR_ASSERT(mr_thread_start(&secrets->thread, "secrets", watch, secrets) == 0);
    secrets->is_watching = true;
}
