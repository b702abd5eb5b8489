/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_key.c - `millrace key add|list|revoke`: the API keys that senders show to the gateway,
 * and programs to the web.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/shop_print.h"
#include "store/ops.h"

typedef struct key_call {
    const mr_cli *cli;
    mr_ops *ops;
    const char *name;    /* NULL for list */
    const char *expires; /* as given, or NULL */
    mr_user_role role;   /* of the key to add */
    uint64_t listed;
} key_call;

/* "2026-11-22T12:00:00.000Z", or otherwise for 0. */
static const char *instant(int64_t epoch_ms, const char *otherwise,
                           char buffer[static mr_civil_text_bytes_max])
{
    if (epoch_ms == 0) {
        return otherwise;
    }
    (void)mr_instant_format(epoch_ms, buffer);
    return buffer;
}

static const char *role_name(mr_user_role role)
{
    return role == MR_USER_NOBODY ? "sender" : mr_user_role_name(role);
}

static bool parse_role(const char *text, mr_user_role *ret_role)
{
    *ret_role = MR_USER_NOBODY;
    return strcmp(text, "sender") == 0 ||
           (mr_user_role_parse(mr_text_of(text), ret_role) && *ret_role != MR_USER_CUSTOMER);
}

static int add_key(key_call *call)
{
    char key[mr_api_key_bytes_max], text[mr_civil_text_bytes_max];
    uint64_t lifetime_ms = 0;
    int64_t expires_ms = 0;
    mr_err err;

    if (call->expires != NULL) {
        if (!mr_parse_duration_ms(mr_text_of(call->expires), &lifetime_ms) || lifetime_ms == 0 ||
            lifetime_ms > (uint64_t)(INT64_MAX - mr_now_ms())) {
            return mr_cli_usage(call->cli,
                                "--expires takes a duration such as 90d or 12h, not '%s'",
                                call->expires);
        }
        expires_ms = mr_now_ms() + (int64_t)lifetime_ms;
    }
    if (mr_ops_key_add(call->ops, call->name, call->role, expires_ms, key, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text("name", mr_text_of(call->name));
        (void)printf(",\"key\":\"%s\",\"role\":\"%s\",", key, role_name(call->role));
        mr_shop_print_json_instant("expires_at", expires_ms);
        (void)printf("}\n");
    } else {
        (void)printf("%s\n", key);
        (void)fprintf(
            stderr, "Key '%s' (%s), valid until %s. It is shown this once: keep it now.\n",
            call->name, role_name(call->role), instant(expires_ms, "it is revoked", text));
    }
    return MR_EXIT_OK;
}

static const char *state_of(const mr_api_key *key)
{
    if (key->revoked_ms != 0) {
        return "revoked";
    }
    return key->expires_ms != 0 && key->expires_ms <= mr_now_ms() ? "expired" : "valid";
}

static void print_key_json(const mr_api_key *key, bool first)
{
    (void)printf("%s{", first ? "" : ",");
    mr_shop_print_json_text("name", mr_text_of(key->name));
    (void)printf(",\"prefix\":\"%s\",\"role\":\"%s\",\"state\":\"%s\",", key->prefix,
                 role_name(key->role), state_of(key));
    mr_shop_print_json_instant("created_at", key->created_ms);
    (void)putchar(',');
    mr_shop_print_json_instant("expires_at", key->expires_ms);
    (void)putchar(',');
    mr_shop_print_json_instant("revoked_at", key->revoked_ms);
    (void)putchar('}');
}

static bool print_key(void *ctx, const mr_api_key *key)
{
    key_call *call = ctx;
    char created[mr_civil_text_bytes_max], expires[mr_civil_text_bytes_max];

    if (mr_cli_json(call->cli)) {
        print_key_json(key, call->listed == 0);
    } else {
        if (call->listed == 0) {
            (void)printf("%-12s %-9s %-8s %-24s  %-24s  %s\n", "KEY", "FOR", "STATE", "CREATED",
                         "EXPIRES", "NAME");
        }
        (void)printf("%-12s %-9s %-8s %-24s  %-24s  %s\n", key->prefix, role_name(key->role),
                     state_of(key), instant(key->created_ms, "", created),
                     instant(key->expires_ms, "never", expires), key->name);
    }
    call->listed++;
    return ferror(stdout) == 0;
}

static int list_keys(key_call *call)
{
    bool json = mr_cli_json(call->cli);
    mr_err err;

    if (json) {
        (void)printf("{\"keys\":[");
    }
    if (mr_ops_keys(call->ops, print_key, call, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    if (json) {
        (void)printf("]}\n");
    } else if (call->listed == 0) {
        (void)fprintf(stderr, "No keys yet: millrace key add NAME makes one.\n");
    }
    return MR_EXIT_OK;
}

static int revoke_key(key_call *call)
{
    mr_err err;

    if (mr_ops_key_revoke(call->ops, call->name, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text("name", mr_text_of(call->name));
        (void)printf(",\"state\":\"revoked\"}\n");
    } else {
        (void)fprintf(stderr, "Key '%s' is revoked.\n", call->name);
    }
    return MR_EXIT_OK;
}

typedef struct key_verb {
    const char *name;
    bool takes_name;
    int (*run)(key_call *call);
} key_verb;

static const key_verb verbs[] = {
    {"add", true, add_key},
    {"list", false, list_keys},
    {"revoke", true, revoke_key},
};

static const key_verb *verb_of(const char *name)
{
    for (size_t index = 0; index < sizeof verbs / sizeof verbs[0]; index++) {
        if (strcmp(verbs[index].name, name) == 0) {
            return &verbs[index];
        }
    }
    return NULL;
}

int mr_cmd_key(mr_cli *cli, int argc, char **argv)
{
    key_call call = {.cli = cli, .role = MR_USER_NOBODY};
    const char *role = NULL;
    const mr_cli_option options[] = {
        {.name = "--expires",
         .value_name = "TIME",
         .help = "with add: valid this long, such as 90d (default: until revoked)",
         .ret_value = &call.expires},
        {.name = "--role",
         .value_name = "ROLE",
         .help = "with add: sender sends events to the gateway (default), analyst and operator "
                 "ask the web's API",
         .ret_value = &role},
    };
    const key_verb *verb;
    mr_store_options store;
    int argument_count, exit_status;
    char **arguments;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    verb = argument_count == 0 ? NULL : verb_of(arguments[0]);
    if (verb == NULL) {
        return mr_cli_usage(cli, "add, list or revoke is needed");
    }
    if (argument_count != (verb->takes_name ? 2 : 1)) {
        return mr_cli_usage(
            cli, verb->takes_name ? "key %s takes one name" : "key %s takes no name", verb->name);
    }
    if ((call.expires != NULL || role != NULL) && verb->run != add_key) {
        return mr_cli_usage(cli, "--expires and --role belong to key add");
    }
    if (role != NULL && !parse_role(role, &call.role)) {
        return mr_cli_usage(cli, "--role is sender, analyst or operator, not '%s'", role);
    }
    call.name = verb->takes_name ? arguments[1] : NULL;
    store = mr_settings_store(mr_cli_config(cli), MR_STORE_WRITE);
    if (mr_ops_open_beside(&store, &call.ops, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    exit_status = verb->run(&call);
    mr_ops_close(call.ops);
    return exit_status;
}
