"""Creates a topic, or prints how many events it holds: topic.py BOOTSTRAP TOPIC create PARTITIONS | count"""

import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

SECONDS_MAX = 30


def create(bootstrap, topic, partitions):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, int(partitions), 1)])[topic].result(SECONDS_MAX)


def count(bootstrap, topic):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "count"})
    partitions = consumer.list_topics(topic, SECONDS_MAX).topics[topic].partitions
    total = 0
    for partition in partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), SECONDS_MAX)
        total += high - low
    consumer.close()
    print(total)


if __name__ == "__main__":
    {"create": create, "count": count}[sys.argv[3]](*sys.argv[1:3], *sys.argv[4:])
