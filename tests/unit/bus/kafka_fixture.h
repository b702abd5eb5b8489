/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_fixture.h - what tests over a real Kafka share: the cluster that MR_TEST_KAFKA names,
 * and a prefix for each test.
 */
#ifndef MR_TESTS_KAFKA_FIXTURE_H
#define MR_TESTS_KAFKA_FIXTURE_H

#include "bus/bus_fixture.h"

#include "base/civil.h"

enum { kafka_skip_status = 77, kafka_url_bytes_max = 512 };

static inline const char *kafka_brokers(void)
{
    const char *brokers = getenv("MR_TEST_KAFKA");
    return brokers != NULL ? brokers : "";
}

static inline bool kafka_is_there(void)
{
    if (kafka_brokers()[0] == '\0') {
        (void)fprintf(stderr, "skipped: MR_TEST_KAFKA names no broker; "
                              "tests/peers/kafka/start.sh FOLDER starts one\n");
        return false;
    }
    return true;
}

static inline int kafka_set_up(void **state, int32_t partitions)
{
    bus_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    char *url = mr_alloc(kafka_url_bytes_max);
    (void)snprintf(url, kafka_url_bytes_max, "kafka://%s/t%d-%lld.", kafka_brokers(), (int)getpid(),
                   (long long)mr_monotonic_us());
    fixture_make(fixture, url);
    fixture->cluster = true;
    fixture->options.partitions = partitions;
    fixture->options.replication = 1;
    fixture->options.create_topics = true;
    *state = fixture;
    return 0;
}

static inline int kafka_tear_down(void **state)
{
    bus_fixture *fixture = *state;
    fixture_remove_folder(fixture->folder);
    free((char *)(uintptr_t)fixture->url); /* made by kafka_set_up */
    free(fixture);
    return 0;
}

#endif
