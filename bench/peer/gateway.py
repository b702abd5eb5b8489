"""The gateway of the stack that millrace is compared with: FastAPI in front of Kafka, well tuned.

Same wire contract as the original (POST /invoicedata, the date rewritten, 201 with the stored item), and the
same promise as ours: 201 only once the broker has the event, acks=all, keyed by invoice. What the original
did a request (a new producer, prints, a blocking flush) is left out: it would measure carelessness.

PEER_CLIENT chooses the client: kafka-python, the original's, or confluent-kafka (librdkafka), of those there are for
Python the fastest here.
"""

import asyncio
import os
import threading
from collections import deque
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

TOPIC = os.environ["PEER_TOPIC"]
BOOTSTRAP = os.environ["PEER_BOOTSTRAP"]
CLIENT = os.environ.get("PEER_CLIENT", "confluent-kafka")
LINGER_MS = 2
REQUEST_SECONDS_MAX = 10


class InvoiceData(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    InvoiceNo: str
    StockCode: str
    Description: str | None = None
    Quantity: int
    InvoiceDate: str
    UnitPrice: float
    CustomerID: int | None = None
    CustomerName: str | None = Field(None, alias="customerName")
    Country: str


class Reports:
    """Deliveries are reported in another thread; they wake the loop once a burst."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.reports = deque()
        self.woken = False

    def report(self, future, error):
        self.reports.append((future, error))
        if not self.woken:
            self.woken = True
            self.loop.call_soon_threadsafe(self.deliver)

    def deliver(self):
        self.woken = False
        while self.reports:
            future, error = self.reports.popleft()
            if not future.done():
                future.set_result(error)

    async def send(self, key, value):
        future = self.loop.create_future()
        self.produce(key, value, future)
        error = await asyncio.wait_for(future, REQUEST_SECONDS_MAX)
        if error is not None:
            raise RuntimeError(str(error))


class ConfluentKafka(Reports):
    def __init__(self):
        from confluent_kafka import Producer
        super().__init__()
        self.stopping = False
        self.client = Producer({
            "bootstrap.servers": BOOTSTRAP, "acks": "all", "enable.idempotence": True, "linger.ms": LINGER_MS,
            "compression.type": "lz4", "queue.buffering.max.messages": 1_000_000,
            "delivery.timeout.ms": REQUEST_SECONDS_MAX * 1000,
        })
        threading.Thread(target=self.poll, daemon=True).start()

    def poll(self):
        while not self.stopping:
            self.client.poll(0.1)

    def produce(self, key, value, future):
        self.client.produce(TOPIC, value, key, on_delivery=lambda error, _: self.report(future, error))

    def stop(self):
        self.stopping = True
        self.client.flush(REQUEST_SECONDS_MAX)


class KafkaPython(Reports):
    def __init__(self):
        from kafka import KafkaProducer
        super().__init__()
        self.client = KafkaProducer(
            bootstrap_servers=BOOTSTRAP, acks="all", enable_idempotence=True, linger_ms=LINGER_MS,
            compression_type="lz4", batch_size=1 << 18,
            request_timeout_ms=REQUEST_SECONDS_MAX * 1000, delivery_timeout_ms=REQUEST_SECONDS_MAX * 1000 + LINGER_MS)

    def produce(self, key, value, future):
        sent = self.client.send(TOPIC, value=value, key=key)
        sent.add_callback(lambda _: self.report(future, None))
        sent.add_errback(lambda error: self.report(future, error))

    def stop(self):
        self.client.flush(REQUEST_SECONDS_MAX)


CLIENTS = {"confluent-kafka": ConfluentKafka, "kafka-python": KafkaPython}
producer = None


@asynccontextmanager
async def lifespan(_):
    global producer
    producer = CLIENTS[CLIENT]()
    yield
    await asyncio.to_thread(producer.stop)


app = FastAPI(lifespan=lifespan)


@app.get("/ready")
async def ready():
    return {"status": "up"}


@app.post("/invoicedata")
async def post_invoice_item(item: InvoiceData):
    try:
        date = datetime.strptime(item.InvoiceDate, "%d/%m/%Y %H:%M")
    except ValueError:
        return JSONResponse({"detail": "InvoiceDate is not dd/mm/yyyy HH:MM"}, 400)
    item.InvoiceDate = date.strftime("%d-%m-%Y %H:%M:%S")
    body = item.model_dump_json(by_alias=True).encode()
    await producer.send(item.InvoiceNo.encode(), body)
    return Response(body, 201, media_type="application/json")
