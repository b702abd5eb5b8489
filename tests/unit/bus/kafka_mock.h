/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_mock.h - a cluster within the test's own process: librdkafka's mock, so that a test
 * decides who leads, who is down and what is answered, and when. Needs no broker.
 */
#ifndef MR_TESTS_KAFKA_MOCK_H
#define MR_TESTS_KAFKA_MOCK_H

#include "bus/bus_fixture.h"

#include "bus/kafka.h"

#include <librdkafka/rdkafka_mock.h> /* needs what the one before it brings */

enum { mock_brokers = 3, mock_url_bytes_max = 256 };

typedef struct kafka_mock {
    rd_kafka_t *owner;
    rd_kafka_mock_cluster_t *cluster;
    char url[mock_url_bytes_max];
} kafka_mock;

/* With a topic, which each broker has a copy of. */
static inline void mock_start(kafka_mock *mock, const char *topic, int32_t partitions)
{
    mock->owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
    assert_non_null(mock->owner);
    mock->cluster = rd_kafka_mock_cluster_new(mock->owner, mock_brokers);
    assert_non_null(mock->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(mock->cluster, topic, partitions, mock_brokers),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    (void)snprintf(mock->url, sizeof mock->url, "kafka://%s",
                   rd_kafka_mock_cluster_bootstraps(mock->cluster));
}

static inline void mock_stop(kafka_mock *mock)
{
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->owner);
}

#endif
