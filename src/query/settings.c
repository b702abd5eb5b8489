/* SPDX-License-Identifier: Apache-2.0 */
/* query/settings.c - the options of log, lake and store as the settings have them. */
#include "query/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azure/settings.h"
#include "base/file.h"

mr_bus_options mr_settings_bus(const mr_config *config)
{
    size_t property_count = 0;
    const mr_property *properties = mr_config_properties(config, &property_count);

    return (mr_bus_options){
        .url = mr_config_text(config, "MILLRACE_BUS"),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .retention_ms = mr_config_duration_ms(config, "MILLRACE_LOG_RETENTION"),
        .retention_bytes = mr_config_bytes(config, "MILLRACE_LOG_RETENTION_BYTES"),
        .queue_bytes_max = mr_config_bytes(config, "MILLRACE_LOG_QUEUE_BYTES"),
        .partitions = (int32_t)mr_config_integer(config, "MILLRACE_KAFKA_PARTITIONS"),
        .replication = (int32_t)mr_config_integer(config, "MILLRACE_KAFKA_REPLICATION"),
        .create_topics = mr_config_flag(config, "MILLRACE_KAFKA_CREATE_TOPICS"),
        .properties = properties,
        .property_count = property_count,
        .password_now = mr_config_property_secret(config, "sasl.password"),
    };
}

bool mr_settings_log_exists(const mr_config *config)
{
    static const char embedded_scheme[] = "embedded:";
    const char *url = mr_config_text(config, "MILLRACE_BUS");
    const size_t scheme_bytes = sizeof embedded_scheme - 1;

    if (strncmp(url, embedded_scheme, scheme_bytes) != 0) {
        return true;
    }
    if (url[scheme_bytes] != '\0') {
        return access(url + scheme_bytes, F_OK) == 0;
    }
    char *folder = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "log");
    const bool exists = access(folder, F_OK) == 0;

    free(folder);
    return exists;
}

mr_status mr_settings_require_log(const mr_config *config, mr_err *err)
{
    if (mr_settings_log_exists(config)) {
        return MR_OK;
    }
    return mr_fail(err, MR_NOT_FOUND,
                   "data folder %s has no log: is MILLRACE_DATA (--data) right? `millrace up` "
                   "begins one",
                   mr_config_text(config, "MILLRACE_DATA"));
}

mr_status mr_settings_open_log(const mr_config *config, mr_bus **ret_bus, mr_err *err)
{
    const mr_bus_options options = mr_settings_bus(config);
    const mr_status status = mr_settings_require_log(config, err);

    return status == MR_OK ? mr_bus_open(&options, ret_bus, err) : status;
}

mr_blobs_options mr_settings_lake(const mr_config *config)
{
    return (mr_blobs_options){
        .url = mr_config_text(config, "MILLRACE_LAKE"),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .azure = {.account_key = mr_config_secret(config, "MILLRACE_AZURE_ACCOUNT_KEY"),
                  .sas = mr_config_secret(config, "MILLRACE_AZURE_SAS"),
                  .identity = mr_azure_settings_identity(config),
                  .ca_file = mr_config_text(config, "MILLRACE_AZURE_CA_FILE"),
                  .cache_bytes_max = mr_config_bytes(config, "MILLRACE_LAKE_CACHE"),
                  .timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_AZURE_TIMEOUT")},
    };
}

mr_store_options mr_settings_store(const mr_config *config, mr_store_mode mode)
{
    return (mr_store_options){
        .url = mr_config_text(config, "MILLRACE_STORE"),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .mode = mode,
        .server = {.host = mr_config_text(config, "POSTGRES_HOST"),
                   .port = mr_config_text(config, "POSTGRES_PORT"),
                   .database = mr_config_text(config, "POSTGRES_DB"),
                   .user = mr_config_text(config, "POSTGRES_USER"),
                   .password = mr_config_text(config, "POSTGRES_PASSWORD"),
                   .password_now = mr_config_secret(config, "POSTGRES_PASSWORD"),
                   .url_now = mr_config_secret(config, "MILLRACE_STORE")},
    };
}

const char *mr_settings_topic_ingestion(const mr_config *config)
{
    return mr_config_text(config, "MILLRACE_TOPIC_INGESTION");
}

const char *mr_settings_topic_processed(const mr_config *config)
{
    return mr_config_text(config, "MILLRACE_TOPIC_PROCESSED");
}

const char *mr_settings_topic_dead_letter(const mr_config *config)
{
    return mr_config_text(config, "MILLRACE_TOPIC_DEAD_LETTER");
}
