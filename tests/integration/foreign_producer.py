"""A producer that is not ours and keeps to no contract: librdkafka itself, with any bytes as key, value and headers."""

import contextlib
import ctypes
import ctypes.util

import pytest

CONF_OK = 0
PRODUCER = 0
# What rd_kafka_producev() is told, from rdkafka.h.
V_END, V_TOPIC, V_PARTITION, V_VALUE, V_KEY, V_MSGFLAGS, V_HEADER = 0, 1, 3, 4, 5, 7, 9
MSG_F_COPY = 2
ERROR_BYTES = 512
FLUSH_MS = 30000


def bound(function, result, *arguments):
    function.restype, function.argtypes = result, arguments
    return function


class ForeignProducer:
    def __init__(self, library, client):
        self.library, self.client = library, client

    def send(self, topic, value, key=None, headers=(), partition=-1):
        """None as value is a tombstone, None as key is no key."""
        def bytes_and_length(data):
            return ctypes.c_char_p(data), ctypes.c_size_t(len(data or b""))

        words = [V_TOPIC, ctypes.c_char_p(topic.encode()), V_PARTITION, ctypes.c_int32(partition),
                 V_MSGFLAGS, ctypes.c_int(MSG_F_COPY), V_VALUE, *bytes_and_length(value), V_KEY, *bytes_and_length(key)]
        for name, content in headers:
            words += [V_HEADER, ctypes.c_char_p(name), ctypes.c_char_p(content), ctypes.c_ssize_t(len(content or b""))]
        words = [ctypes.c_int(word) if isinstance(word, int) else word for word in words]
        error = self.library.rd_kafka_producev(self.client, *words, ctypes.c_int(V_END))
        assert error == 0, error

    def checked(self, error):
        if error:
            text = self.library.rd_kafka_error_string(error).decode()
            self.library.rd_kafka_error_destroy(error)
            pytest.fail(text)

    def begin(self):
        self.checked(self.library.rd_kafka_begin_transaction(self.client))

    def commit(self):
        self.checked(self.library.rd_kafka_commit_transaction(self.client, FLUSH_MS))

    def abort(self):
        self.flush()  # it shall lie in the log, aborted
        self.checked(self.library.rd_kafka_abort_transaction(self.client, FLUSH_MS))

    def flush(self):
        assert self.library.rd_kafka_flush(self.client, FLUSH_MS) == 0


def load_library():
    name = ctypes.util.find_library("rdkafka")
    if name is None:
        pytest.skip("librdkafka is not installed (package librdkafka1)")
    library, pointer = ctypes.CDLL(name), ctypes.c_void_p
    bound(library.rd_kafka_conf_new, pointer)
    bound(library.rd_kafka_conf_set, ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t)
    bound(library.rd_kafka_new, pointer, ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_size_t)
    bound(library.rd_kafka_flush, ctypes.c_int, pointer, ctypes.c_int)
    bound(library.rd_kafka_destroy, None, pointer)
    bound(library.rd_kafka_init_transactions, pointer, pointer, ctypes.c_int)
    bound(library.rd_kafka_begin_transaction, pointer, pointer)
    bound(library.rd_kafka_commit_transaction, pointer, pointer, ctypes.c_int)
    bound(library.rd_kafka_abort_transaction, pointer, pointer, ctypes.c_int)
    bound(library.rd_kafka_error_string, ctypes.c_char_p, pointer)
    bound(library.rd_kafka_error_destroy, None, pointer)
    library.rd_kafka_producev.restype = ctypes.c_int
    return library


@contextlib.contextmanager
def foreign_producer(addresses, **properties):
    """properties: of librdkafka, with _ for the dots."""
    library = load_library()
    said = ctypes.create_string_buffer(ERROR_BYTES)
    configuration = library.rd_kafka_conf_new()
    for name, value in {"bootstrap.servers": addresses, "message.max.bytes": "4000000", **properties}.items():
        done = library.rd_kafka_conf_set(configuration, name.replace("_", ".").encode(), str(value).encode(), said, ERROR_BYTES)
        assert done == CONF_OK, said.value
    client = ctypes.c_void_p(library.rd_kafka_new(PRODUCER, configuration, said, ERROR_BYTES))
    assert client, said.value
    producer = ForeignProducer(library, client)
    try:
        if "transactional_id" in properties:
            producer.checked(library.rd_kafka_init_transactions(client, FLUSH_MS))
        yield producer
        producer.flush()
    finally:
        library.rd_kafka_destroy(client)
