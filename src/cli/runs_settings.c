/* SPDX-License-Identifier: Apache-2.0 */
/* cli/runs_settings.c - the scheduler's options from the settings. */
#include "cli/runs_settings.h"

#include <string.h>

#include "cli/settings.h"

static mr_catch_up catch_up_of(const char *name)
{
    if (strcmp(name, "all") == 0) {
        return MR_CATCH_UP_ALL;
    }
    return strcmp(name, "none") == 0 ? MR_CATCH_UP_NONE : MR_CATCH_UP_LATEST;
}

mr_scheduler_options mr_runs_settings(const mr_cli *cli, char *const *environment)
{
    const mr_config *config = mr_cli_config(cli);

    return (mr_scheduler_options){
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .program = mr_cli_program(cli),
        .environment = environment,
        .lake = mr_settings_lake(config),
        .models = mr_config_text(config, "MILLRACE_MODELS"),
        .schedule = mr_config_text(config, "MILLRACE_SCHEDULE"),
        .time_zone = mr_config_text(config, "MILLRACE_TIMEZONE"),
        .catch_up = catch_up_of(mr_config_text(config, "MILLRACE_CATCH_UP")),
        .continuous_ms = mr_config_duration_ms(config, "MILLRACE_CONTINUOUS"),
        .timeout_ms = mr_config_duration_ms(config, "MILLRACE_RUN_TIMEOUT"),
        .retries = (uint32_t)mr_config_integer(config, "MILLRACE_RUN_RETRIES"),
        .retry_delay_ms = mr_config_duration_ms(config, "MILLRACE_RUN_RETRY_DELAY"),
        .keep = (uint32_t)mr_config_integer(config, "MILLRACE_RUN_HISTORY"),
        .publish = mr_config_given(config, "MILLRACE_PUBLISH") != NULL,
    };
}
