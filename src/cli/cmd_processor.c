/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_processor.c - `millrace processor`: runs the sinks until it is told to stop. */
#include "cli/commands.h"
#include "cli/secrets.h"
#include "cli/settings.h"
#include "stream/processor.h"

static mr_bronze_options bronze_options(const mr_config *config)
{
    const uint64_t retention_ms = mr_config_duration_ms(config, "MILLRACE_LAKE_RETENTION");

    return (mr_bronze_options){
        .lake = mr_settings_lake(config),
        .flush_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_BRONZE_FLUSH"),
        .file_bytes = mr_config_bytes(config, "MILLRACE_BRONZE_FILE_BYTES"),
        .memory_bytes_max = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
        .retention_ms = retention_ms > 0 ? retention_ms : 1, /* 0 would be the default */
    };
}

int mr_cmd_processor(mr_cli *cli, int argc, char **argv)
{
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "takes no argument, not '%s'", arguments[0]);
    }
    const mr_config *config = mr_cli_config(cli);
    mr_processor_options options = {
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .bus = mr_settings_bus(config),
        .store = mr_settings_store(config, MR_STORE_WRITE),
        .topic_ingestion = mr_settings_topic_ingestion(config),
        .topic_processed = mr_settings_topic_processed(config),
        .topic_dead_letter = mr_settings_topic_dead_letter(config),
        .sinks = mr_config_text(config, "MILLRACE_SINKS"),
        .store_batch_count_max = (size_t)mr_config_integer(config, "MILLRACE_STORE_BATCH"),
        .store_writers = (size_t)mr_config_integer(config, "MILLRACE_STORE_WRITERS"),
        .feed_batch_count_max = (size_t)mr_config_integer(config, "MILLRACE_FEED_BATCH"),
        .bronze = bronze_options(config),
    };
    mr_cli_watch_secrets(cli);
    if (mr_processor_run(&options, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    return MR_EXIT_OK;
}
