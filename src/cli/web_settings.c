/* SPDX-License-Identifier: Apache-2.0 */
/* cli/web_settings.c - the options of the web, made from the settings. */
#include "cli/web_settings.h"

#include "cli/server_process.h"
#include "cli/settings.h"

mr_web_options mr_settings_web(const mr_config *config)
{
    mr_web_options options = {
        .http = mr_server_http_options(config, "MILLRACE_WEB"),
        .workers = (uint32_t)mr_config_integer(config, "MILLRACE_WEB_WORKERS"),
        .query_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_WEB_QUERY_TIMEOUT"),
        .drain_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_DRAIN_TIMEOUT"),
        .session_idle_ms = mr_config_duration_ms(config, "MILLRACE_WEB_SESSION_IDLE"),
        .session_max_ms = mr_config_duration_ms(config, "MILLRACE_WEB_SESSION_MAX"),
        .public_url = mr_config_text(config, "MILLRACE_WEB_URL"),
        .behind_proxy = mr_config_flag(config, "MILLRACE_WEB_BEHIND_PROXY"),
        .demo = mr_config_flag(config, "MILLRACE_WEB_DEMO"),
        .shop = mr_config_text(config, "MILLRACE_WEB_SHOP"),
        .data_folder = mr_config_text(config, "MILLRACE_DATA"),
        .store = mr_settings_store(config, MR_STORE_READ),
        .bus = mr_settings_bus(config),
        .topic_ingestion = mr_settings_topic_ingestion(config),
        .topic_dead_letter = mr_settings_topic_dead_letter(config),
        .lake = mr_settings_lake(config),
        .olap_memory_bytes = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
        .config = config,
        .sales_memory_bytes = mr_config_bytes(config, "MILLRACE_WEB_MEMORY"),
        .sql_memory_bytes = mr_config_bytes(config, "MILLRACE_WEB_SQL_MEMORY"),
        .olap_threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
        .models = mr_config_text(config, "MILLRACE_MODELS"),
    };

    options.http.loops = 1; /* it only moves bytes: the work is the workers' */
    return options;
}
