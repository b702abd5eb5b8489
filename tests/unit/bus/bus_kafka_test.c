/* SPDX-License-Identifier: Apache-2.0 */
/* bus/bus_kafka_test.c - the contract of the log, run over a Kafka cluster.
 *
 * MR_TEST_KAFKA names it (host:port); without, these tests are skipped and say so. Each test has a
 * prefix of its own, so one cluster serves many tests, and many runs.
 */
#include "bus/bus_contract.h"
#include "bus/kafka_fixture.h"

static int set_up(void **state)
{
    return kafka_set_up(state, 1);
}

static int tear_down(void **state)
{
    return kafka_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUS_CONTRACT_TESTS(set_up, tear_down),
    };
    if (!kafka_is_there()) {
        return kafka_skip_status;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
