"""A producer of queued messages, written a second time: takes part in the queue as an instance of a service would."""

import zmq

from . import wire
from .wait import PATIENCE, wait_until


class Producer:
    """Sends messages to the instances that consume service's queue, one after the other."""

    def __init__(self, house, service):
        self.context = wire.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.PROBE_ROUTER, 1)
        self.socket.linger = 0
        endpoint = f"ipc://{house.home}/run/{service}-test"
        self.socket.bind(endpoint)
        self.consumers = []
        self.open = {}  # message: the consumer that has it
        self.rejected = {}
        house.database.run(
            "INSERT INTO bus.instance (service, name, queue_endpoint, heartbeat_at)"
            " VALUES (%s, %s, %s, now() + interval '1 day')",
            service,
            f"{service}-test",
            endpoint,
        )

    def _hear(self, timeout_ms):
        while self.socket.poll(timeout_ms):
            identity, frame = self.socket.recv_multipart()
            timeout_ms = 0
            if not frame:
                continue
            body = wire.unpack(wire.proto("envelope").Envelope.FromString(frame))
            kind = body.DESCRIPTOR.name
            if kind == "Join" and identity not in self.consumers:
                self.consumers.append(identity)
            elif kind == "Acknowledge":
                for message in body.id:
                    self.open.pop(message, None)
            elif kind == "Reject":
                self.open.pop(body.id, None)
                self.rejected[body.id] = body.error

    def wait_for(self, consumers):
        wait_until(lambda: self._hear(50) or len(self.consumers) >= consumers, 3 * PATIENCE, "consumers joined")

    def send(self, body, region, id=None, consumer=None, in_hand=None):
        """Sends one message; the consumers take turns unless one is named by its number, and when in_hand is given none
        has more than that many. Returns the message's id."""
        cover = wire.envelope(body, id=id, region=region)
        identity = self.consumers[cover.id % len(self.consumers) if consumer is None else consumer]
        if in_hand:
            wait_until(lambda: self._hear(5) or list(self.open.values()).count(identity) < in_hand, what="a consumer with credit")
        self.open[cover.id] = identity
        self.socket.send_multipart([identity, cover.SerializeToString()])
        return cover.id

    def wait_handled(self, timeout=PATIENCE):
        wait_until(lambda: self._hear(20) or not self.open, timeout, "messages acknowledged")

    def close(self):
        self.socket.close()
        self.context.term()
