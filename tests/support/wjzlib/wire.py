"""The wire, written a second time from proto/: Envelope in one frame, DEALER to ROUTER, CURVE where the door wants it."""

import importlib
import itertools
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import zmq
from google.protobuf import message_factory

from .paths import ROOT
from .wait import PATIENCE

_folder = None
_numbers = itertools.count(1)


def protos():
    """Folder with the generated modules, made on the first call and put on the path: `import intake_pb2`."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="wjz-proto-")
        files = sorted(str(path) for path in (ROOT / "proto").glob("*.proto"))
        subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={_folder}", *files], check=True)
        sys.path.insert(0, _folder)
    return _folder


def forget_protos():
    global _folder
    if _folder is not None:
        sys.path.remove(_folder)
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None


def proto(name):
    """The generated module of proto/NAME.proto."""
    protos()
    return importlib.import_module(f"{name}_pb2")


def message_class(type_name):
    """The class of a message by its full name, e.g. "wjz.intake.FeedReceipt"."""
    package = type_name.split(".")[1] if type_name.count(".") > 1 else "envelope"
    pool = proto(package).DESCRIPTOR.pool
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(type_name))


def new_id():
    return secrets.randbits(40) << 22 | next(_numbers)


def envelope(body, id=None, region=0, timeout=None, trace_parent="", schema=1, attempt=1):
    """A message in its cover. timeout in seconds becomes the deadline."""
    now = int(time.time() * 1e6)
    return proto("envelope").Envelope(
        id=new_id() if id is None else id,
        type=body.DESCRIPTOR.full_name,
        schema=schema,
        region=region,
        created_at_us=now,
        trace_parent=trace_parent,
        attempt=attempt,
        body=body.SerializeToString(),
        deadline_us=now + int(timeout * 1e6) if timeout else 0,
    )


def unpack(cover):
    return message_class(cover.type).FromString(cover.fresh or cover.body)


class Refused(Exception):
    """The answer was a Refusal, in .refusal."""

    def __init__(self, refusal):
        super().__init__(str(refusal).strip())
        self.refusal = refusal


class Context(zmq.Context):
    """One that garbage collection leaves alone: a test that failed leaves its sockets open, and a context waits for these."""

    def __del__(self):
        pass


class Client:
    """Asks a door. server_key: the door's public key (Z85), "" for none; keys: one's own (public, secret)."""

    def __init__(self, endpoint, server_key="", keys=None):
        self._context = Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        if server_key:
            public, secret = keys or zmq.curve_keypair()
            self.socket.curve_serverkey = _bytes(server_key)
            self.socket.curve_publickey = _bytes(public)
            self.socket.curve_secretkey = _bytes(secret)
        self.socket.connect(endpoint)

    def send(self, cover):
        self.socket.send(cover.SerializeToString())

    def send_bytes(self, *frames):
        self.socket.send_multipart(frames)

    def receive(self, timeout=PATIENCE):
        """The next envelope; TimeoutError when none comes."""
        end = time.monotonic() + timeout
        while self.socket.poll(max(0, (end - time.monotonic()) * 1000)):
            frames = self.socket.recv_multipart()
            if frames != [b""]:  # a probe tells that the connection is there
                assert len(frames) == 1, f"an answer of {len(frames)} frames"
                return proto("envelope").Envelope.FromString(frames[0])
        raise TimeoutError(f"no answer within {timeout} s")

    def ask(self, body, timeout=PATIENCE, **cover):
        """The reply to a request, unpacked. Refused when it was refused."""
        question = envelope(body, timeout=timeout, **cover)
        self.send(question)
        while True:
            answer = self.receive(timeout)
            if answer.id == question.id:
                break
        reply = unpack(answer)
        if answer.type == "wjz.Refusal":
            raise Refused(reply)
        return reply

    def close(self):
        self.socket.close()
        self._context.term()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def curve_keys():
    """(public, secret) as Z85 text."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def _bytes(text):
    return text.encode() if isinstance(text, str) else text
