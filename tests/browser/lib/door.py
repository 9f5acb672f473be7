"""A platform at the door of ZeroMQ. From standard input {} it makes {public, secret}; from {keys, endpoint, server_key, batches} the receipts."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))

from google.protobuf.json_format import MessageToDict, ParseDict  # noqa: E402
from wjzlib import wire  # noqa: E402


def push(keys, endpoint, server_key, batches):
    intake = wire.proto("intake")
    with wire.Client(endpoint, server_key, (keys["public"], keys["secret"])) as platform:
        receipts = [platform.ask(ParseDict(batch, intake.FeedBatch())) for batch in batches]
    return [MessageToDict(receipt, preserving_proto_field_name=True) for receipt in receipts]


def answer(question):
    try:
        return push(**question) if question else dict(zip(("public", "secret"), wire.curve_keys()))
    finally:
        wire.forget_protos()


json.dump(answer(json.load(sys.stdin)), sys.stdout)
