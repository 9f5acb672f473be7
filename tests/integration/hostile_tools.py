"""What the tests of hostile input share: a feed beside the attacked one that nobody may disturb, and what was counted."""

import os
import pathlib
import stat

from wjzlib.wait import wait_until

from intake_tools import Platform, complaint, outcomes, pb

BYSTANDER_PATIENCE = 60  # seconds; an answer takes milliseconds


class Bystander(Platform):
    """A feed of good behaviour: whatever happens to its neighbours, its complaints are taken at once."""

    def __init__(self, house, intake, name="bystander"):
        super().__init__(house, intake, name=name)
        self.number = 0

    def still_served(self, batches=1):
        for _ in range(batches):
            self.number += 1
            receipt = self.push(complaint(self.number), timeout=BYSTANDER_PATIENCE)
            assert outcomes(receipt) == ["accepted"]


class Counted:
    """What a counter has grown by since it was looked at: `with Counted(intake, name, reason="x") as seen: …`."""

    def __init__(self, service, name, **labels):
        self.service, self.name, self.labels = service, name, labels

    def __enter__(self):
        self.before = self.service.metric(self.name, **self.labels)
        return self

    def __exit__(self, *_):
        pass

    def grown(self):
        return self.service.metric(self.name, **self.labels) - self.before

    def reaches(self, count):
        """Waits until it has grown by that much: what the store shows may be counted a moment later."""
        wait_until(lambda: self.grown() >= count, what=f"{self.name} grown by {count}")
        assert self.grown() == count


def stored(database, feed):
    """Everything that is kept of a feed, by kind."""
    return {
        table: database.value(f"SELECT count(*) FROM intake.{table} t JOIN intake.feed f ON f.number = t.feed WHERE f.name = %s", feed)
        for table in ("complaint", "enforcement_record", "feedback", "batch")
    }


def resident(service):
    """Bytes of memory that the process has now."""
    for line in pathlib.Path(f"/proc/{service.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"{service.name} has no memory")


def grew_little(service, before, most):
    """The process has at most so many bytes more than before. A sanitizer keeps what was freed, so it says nothing then."""
    if "libasan" not in pathlib.Path(f"/proc/{service.pid}/maps").read_text():
        more = resident(service) - before
        assert more < most, f"{service.name} grew by {more >> 20} MB, at most {most >> 20} are allowed"


def open_files(service):
    return len(os.listdir(f"/proc/{service.pid}/fd"))


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def text_fields(message_class):
    """Names of the text fields of a message."""
    return [f.name for f in message_class.DESCRIPTOR.fields if f.type == f.TYPE_STRING and f.label != f.LABEL_REPEATED]


__all__ = ["Bystander", "Counted", "complaint", "grew_little", "mode", "open_files", "outcomes", "pb", "resident", "stored", "text_fields"]
