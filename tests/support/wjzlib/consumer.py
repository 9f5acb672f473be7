"""A consumer of queued messages, written a second time: takes part in the queue as an instance of a service would."""

import zmq

from . import wire
from .wait import PATIENCE, wait_until


class Consumer:
    """Takes what the instance of a producing service sends to a service, and acknowledges nothing."""

    def __init__(self, house, service, producer, credit=1000):
        number = house.database.value(
            "INSERT INTO bus.instance (service, name, heartbeat_at) VALUES (%s, %s, now() + interval '1 day')"
            " RETURNING number",
            service,
            f"{service}-test",
        )
        endpoint = house.database.value("SELECT queue_endpoint FROM bus.instance WHERE service = %s", producer)
        self.joining = wire.envelope(wire.proto("bus").Join(service=service, instance=number, credit=credit))
        self.context = wire.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.covers, self.seen = [], set()

    def _hear(self):
        while self.socket.poll(20):
            (frame,) = self.socket.recv_multipart()
            if not frame:
                self.socket.send(self.joining.SerializeToString())
                continue
            cover = wire.proto("envelope").Envelope.FromString(frame)
            if cover.id not in self.seen:  # it comes again after a while
                self.seen.add(cover.id)
                self.covers.append(cover)

    def receive(self, timeout=PATIENCE):
        """The next message in its cover."""
        wait_until(lambda: self._hear() or self.covers, timeout, "a message")
        return self.covers.pop(0)

    def close(self):
        self.socket.close()
        self.context.term()
