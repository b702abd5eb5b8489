/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_user.c - `millrace user add|passwd|list|remove|link`: who may sign in to the web.
 *
 * Every change is written to the audit log, as done on the command line.
 */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/role.h"
#include "cli/commands.h"
#include "cli/password_prompt.h"
#include "cli/settings.h"
#include "cli/shop_print.h"
#include "cli/web_settings.h"
#include "store/ops.h"
#include "store/ops_access.h"
#include "web/password.h"

typedef struct user_call {
    const mr_cli *cli;
    mr_ops *ops;
    const char *name;                      /* NULL for list */
    const char *role, *customer, *expires; /* as given, or NULL */
    bool link, from_stdin;
    uint64_t listed;
} user_call;

static mr_status audit(user_call *call, const char *action, const char *detail, mr_err *err)
{
    const mr_audit_entry entry = {
        .user = mr_text_of("command line"),
        .address = mr_text_of(""),
        .action = mr_text_of(action),
        .target = mr_text_of(call->name),
        .detail = mr_text_of(detail),
    };

    return mr_ops_audit_add(call->ops, &entry, err);
}

static mr_status find_user(user_call *call, mr_user *ret_user, mr_err *err)
{
    char password[mr_password_hash_bytes_max];
    mr_status status = mr_ops_user_find(call->ops, mr_text_of(call->name), ret_user, password, err);

    explicit_bzero(password, sizeof password);
    return status;
}

/* --- Passwords and links ---------------------------------------------------------------------- */

static mr_status read_hash(user_call *call, char ret_hash[static mr_password_hash_bytes_max],
                           mr_err *err)
{
    char password[mr_prompt_bytes_max];
    mr_status status = mr_password_read(call->from_stdin, call->name, password, err);

    if (status == MR_OK) {
        status = mr_password_check(mr_text_of(password), call->name, err);
    }
    if (status == MR_OK) {
        status = mr_password_hash(mr_text_of(password), ret_hash, err);
    }
    explicit_bzero(password, sizeof password);
    return status;
}

/* Where the web listens, by its state file; else where the settings say. */
static bool take_address(void *ctx, const mr_role_state *state)
{
    char *address = ctx;

    if (state->alive && strcmp(state->role, "web") == 0 && state->address[0] != '\0') {
        (void)snprintf(address, sizeof state->address, "%s", state->address);
    }
    return true;
}

static mr_status make_link(user_call *call, const mr_user *user, uint64_t lifetime_ms,
                           char ret_link[static mr_web_link_bytes_max], mr_err *err)
{
    const mr_config *config = mr_cli_config(call->cli);
    const mr_web_options options = mr_settings_web(config);
    char address[sizeof((mr_role_state *)0)->address];
    char url[mr_web_link_bytes_max];
    char token[mr_token_bytes_max];
    mr_status status = mr_ops_link_make(call->ops, user->user_id, lifetime_ms, token, err);

    if (status == MR_OK) {
        status = audit(call, "link.make", mr_user_role_name(user->role), err);
    }
    if (status == MR_OK) {
        (void)snprintf(address, sizeof address, "%s", options.http.address);
        (void)mr_role_list(mr_config_text(config, "MILLRACE_DATA"), take_address, address, NULL);
        mr_web_url(&options, address, url);
        (void)snprintf(ret_link, mr_web_link_bytes_max, "%.400s/sign-in#token=%s", url, token);
    }
    return status;
}

/* false: --expires is not a time; said so. */
static bool lifetime_of(const user_call *call, uint64_t *ret_ms)
{
    *ret_ms = mr_web_link_hours * UINT64_C(3600000);
    return call->expires == NULL || (mr_parse_duration_ms(mr_text_of(call->expires), ret_ms) &&
                                     *ret_ms > 0 && *ret_ms <= UINT64_C(30) * 86400000);
}

static int print_link(user_call *call, const mr_user *user)
{
    char link[mr_web_link_bytes_max];
    uint64_t lifetime_ms = 0;
    mr_err err;

    if (!lifetime_of(call, &lifetime_ms)) {
        return mr_cli_usage(call->cli, "--expires takes a time up to 30d, such as 2h, not '%s'",
                            call->expires);
    }
    if (make_link(call, user, lifetime_ms, link, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text("name", mr_text_of(user->name));
        (void)putchar(',');
        mr_shop_print_json_text("link", mr_text_of(link));
        (void)putchar(',');
        mr_shop_print_json_instant("expires_at", mr_now_ms() + (int64_t)lifetime_ms);
        (void)printf("}\n");
    } else {
        (void)printf("%s\n", link);
        (void)fprintf(stderr, "Signs %s in once. It is shown this once: pass it on now.\n",
                      user->name);
    }
    return MR_EXIT_OK;
}

/* --- The verbs -------------------------------------------------------------------------------- */

/* false: said what is wrong. */
static bool read_new_user(const user_call *call, mr_user *ret_user, int *ret_exit)
{
    mr_user user = {.role = MR_USER_CUSTOMER};

    if (call->role == NULL || !mr_user_role_parse(mr_text_of(call->role), &user.role)) {
        *ret_exit = mr_cli_usage(call->cli, "--role is needed: customer, analyst or operator");
        return false;
    }
    if ((user.role == MR_USER_CUSTOMER) != (call->customer != NULL)) {
        *ret_exit = mr_cli_usage(call->cli, user.role == MR_USER_CUSTOMER
                                                ? "a customer needs --customer ID"
                                                : "--customer belongs to --role customer");
        return false;
    }
    if (call->customer != NULL &&
        (!mr_parse_int64(mr_text_of(call->customer), &user.customer_id) || user.customer_id < 0)) {
        *ret_exit = mr_cli_usage(call->cli, "--customer takes a customer's number, not '%s'",
                                 call->customer);
        return false;
    }
    (void)snprintf(user.name, sizeof user.name, "%.*s", (int)sizeof user.name - 1, call->name);
    *ret_user = user;
    return true;
}

static int say_added(const user_call *call, const mr_user *user)
{
    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text("name", mr_text_of(user->name));
        (void)printf(",\"role\":\"%s\"}\n", mr_user_role_name(user->role));
    } else {
        (void)fprintf(stderr, "User %s may sign in as %s.\n", user->name,
                      mr_user_role_name(user->role));
    }
    return MR_EXIT_OK;
}

static int add_user(user_call *call)
{
    char hash[mr_password_hash_bytes_max] = "";
    int exit_status = MR_EXIT_OK;
    mr_user user;
    mr_err err;
    mr_status status = MR_OK;

    if (strlen(call->name) >= mr_user_name_bytes_max) {
        return mr_cli_usage(call->cli, "a user's name has at most %d characters",
                            mr_user_name_bytes_max - 1);
    }
    if (!read_new_user(call, &user, &exit_status)) {
        return exit_status;
    }
    if (!call->link) {
        status = read_hash(call, hash, &err);
    }
    if (status == MR_OK) {
        status = mr_ops_user_add(call->ops, &user, hash, &err);
    }
    if (status == MR_OK) {
        status = audit(call, "user.add", call->role, &err);
    }
    if (status == MR_OK) {
        status = find_user(call, &user, &err);
    }
    if (status != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    return call->link ? print_link(call, &user) : say_added(call, &user);
}

static int link_user(user_call *call)
{
    mr_user user;
    mr_err err;

    if (find_user(call, &user, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    return print_link(call, &user);
}

static int say_done(const user_call *call, const char *state, const char *text)
{
    if (mr_cli_json(call->cli)) {
        (void)putchar('{');
        mr_shop_print_json_text("name", mr_text_of(call->name));
        (void)printf(",\"state\":\"%s\"}\n", state);
    } else {
        (void)fprintf(stderr, "User %s %s.\n", call->name, text);
    }
    return MR_EXIT_OK;
}

static int set_password(user_call *call)
{
    char hash[mr_password_hash_bytes_max];
    char subject[mr_user_name_bytes_max + 8];
    mr_user user;
    mr_err err;
    mr_status status = find_user(call, &user, &err);

    if (status == MR_OK) {
        status = read_hash(call, hash, &err);
    }
    if (status == MR_OK) {
        status = mr_ops_user_set_password(call->ops, user.user_id, hash, MR_TEXT_ABSENT, &err);
    }
    if (status == MR_OK) { /* whoever forgot it has run into the delay */
        (void)snprintf(subject, sizeof subject, "user:%s", user.name);
        status = mr_ops_attempt_forget(call->ops, subject, &err);
    }
    if (status == MR_OK) {
        status = audit(call, "user.password", "", &err);
    }
    if (status != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    return say_done(call, "changed", "has a new password; its sessions have ended");
}

static int remove_user(user_call *call)
{
    mr_user user;
    mr_err err;
    mr_status status = find_user(call, &user, &err);

    if (status == MR_OK) {
        status = mr_ops_user_remove(call->ops, user.user_id, &err);
    }
    if (status == MR_OK) {
        status = audit(call, "user.remove", mr_user_role_name(user.role), &err);
    }
    if (status != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    return say_done(call, "removed", "is removed; its sessions have ended");
}

/* --- List ------------------------------------------------------------------------------------- */

static void print_user_json(const mr_user *user, bool first)
{
    (void)printf("%s{", first ? "" : ",");
    mr_shop_print_json_text("name", mr_text_of(user->name));
    (void)printf(",\"role\":\"%s\",\"customer_id\":", mr_user_role_name(user->role));
    if (user->role == MR_USER_CUSTOMER) {
        (void)printf("%" PRId64, user->customer_id);
    } else {
        (void)printf("null");
    }
    (void)printf(",\"has_password\":%s,", user->has_password ? "true" : "false");
    mr_shop_print_json_instant("created_at", user->created_ms);
    (void)putchar(',');
    mr_shop_print_json_instant("signed_in_at", user->signed_in_ms);
    (void)putchar('}');
}

static bool print_user(void *ctx, const mr_user *user)
{
    user_call *call = ctx;
    char customer[24] = "";
    char seen[mr_civil_text_bytes_max] = "never";

    if (mr_cli_json(call->cli)) {
        print_user_json(user, call->listed == 0);
    } else {
        if (call->listed == 0) {
            (void)printf("%-9s %-9s %-8s %-24s  %s\n", "ROLE", "CUSTOMER", "PASSWORD",
                         "LAST SIGN-IN", "NAME");
        }
        if (user->role == MR_USER_CUSTOMER) {
            (void)snprintf(customer, sizeof customer, "%" PRId64, user->customer_id);
        }
        if (user->signed_in_ms != 0) {
            (void)mr_instant_format(user->signed_in_ms, seen);
        }
        (void)printf("%-9s %-9s %-8s %-24s  %s\n", mr_user_role_name(user->role), customer,
                     user->has_password ? "yes" : "no", seen, user->name);
    }
    call->listed++;
    return ferror(stdout) == 0;
}

static int list_users(user_call *call)
{
    bool json = mr_cli_json(call->cli);
    mr_err err;

    if (json) {
        (void)printf("{\"users\":[");
    }
    if (mr_ops_users(call->ops, print_user, call, &err) != MR_OK) {
        return mr_cli_fail(call->cli, &err);
    }
    if (json) {
        (void)printf("]}\n");
    } else if (call->listed == 0) {
        (void)fprintf(stderr, "No users yet: millrace user add NAME --role operator makes one.\n");
    }
    return MR_EXIT_OK;
}

/* --- The command ------------------------------------------------------------------------------ */

typedef struct user_verb {
    const char *name;
    bool takes_name;
    int (*run)(user_call *call);
} user_verb;

static const user_verb verbs[] = {
    {"add", true, add_user},       {"passwd", true, set_password}, {"list", false, list_users},
    {"remove", true, remove_user}, {"link", true, link_user},
};

static const user_verb *verb_of(const char *name)
{
    for (size_t index = 0; index < sizeof verbs / sizeof verbs[0]; index++) {
        if (strcmp(verbs[index].name, name) == 0) {
            return &verbs[index];
        }
    }
    return NULL;
}

/* false: an option that does not belong to the verb; said so. */
static bool options_fit(const user_call *call, const user_verb *verb, int *ret_exit)
{
    bool adds = verb->run == add_user;

    if (!adds && (call->role != NULL || call->customer != NULL || call->link)) {
        *ret_exit = mr_cli_usage(call->cli, "--role, --customer and --link belong to user add");
        return false;
    }
    if (call->from_stdin && ((!adds && verb->run != set_password) || call->link)) {
        *ret_exit = mr_cli_usage(call->cli, "--password-stdin belongs to user passwd, and to user "
                                            "add without --link");
        return false;
    }
    if (call->expires != NULL && verb->run != link_user && !call->link) {
        *ret_exit = mr_cli_usage(call->cli, "--expires belongs to a link");
        return false;
    }
    return true;
}

int mr_cmd_user(mr_cli *cli, int argc, char **argv)
{
    user_call call = {.cli = cli};
    const mr_cli_option options[] = {
        {.name = "--role",
         .value_name = "ROLE",
         .help = "with add: customer, analyst or operator",
         .ret_value = &call.role},
        {.name = "--customer",
         .value_name = "ID",
         .help = "with add: the one customer that a customer sees",
         .ret_value = &call.customer},
        {.name = "--link",
         .help = "with add: print a one-time sign-in link instead of asking for "
                 "a password",
         .ret_switch = &call.link},
        {.name = "--expires",
         .value_name = "TIME",
         .help = "of a link: valid this long, up to 30d (default: 24h)",
         .ret_value = &call.expires},
        {.name = "--password-stdin",
         .help = "with add and passwd: read it from standard input",
         .ret_switch = &call.from_stdin},
    };
    const user_verb *verb;
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
        return mr_cli_usage(cli, "add, passwd, list, remove or link is needed");
    }
    if (argument_count != (verb->takes_name ? 2 : 1)) {
        return mr_cli_usage(
            cli, verb->takes_name ? "user %s takes one name" : "user %s takes no name", verb->name);
    }
    if (!options_fit(&call, verb, &exit_status)) {
        return exit_status;
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
