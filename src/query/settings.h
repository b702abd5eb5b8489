/* SPDX-License-Identifier: Apache-2.0 */
/* query/settings.h - where log, lake, store and topics are, by the settings: for whoever reads
 * them. */
#ifndef MR_QUERY_SETTINGS_H
#define MR_QUERY_SETTINGS_H

#include "base/config.h"
#include "bus/bus.h"
#include "lake/blob.h"
#include "store/store.h"

/* Texts are borrowed from the config. */
mr_bus_options mr_settings_bus(const mr_config *config);
/* Opening the embedded log makes its folder; looking at one must not. */
bool mr_settings_log_exists(const mr_config *config);
/* MR_NOT_FOUND where there is no log yet. */
mr_status mr_settings_require_log(const mr_config *config, mr_err *err);
mr_status mr_settings_open_log(const mr_config *config, mr_bus **ret_bus, mr_err *err);
mr_blobs_options mr_settings_lake(const mr_config *config);
mr_store_options mr_settings_store(const mr_config *config, mr_store_mode mode);

/* Topic names: MILLRACE_TOPIC_INGESTION (ingestion-topic), _PROCESSED, _DEAD_LETTER. */
const char *mr_settings_topic_ingestion(const mr_config *config);
const char *mr_settings_topic_processed(const mr_config *config);
const char *mr_settings_topic_dead_letter(const mr_config *config);

#endif
