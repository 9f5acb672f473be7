"""What was measured, beside what it must be."""

import json

# Neighbouring runs of the same thing on one machine differ by this much; a target missed by less is not called missed.
RATE_NOISE = 0.10
TIME_NOISE = 0.25


class Figures:
    def __init__(self):
        self.lines = []

    def rate(self, name, per_second, anchor, target=None):
        """Complaints a second, and as a share of the raw COPY beside it."""
        ratio = per_second / anchor
        met = target is None or ratio >= target * (1 - RATE_NOISE)
        self._add(name, f"{per_second:,.0f}/s", f"{ratio:.2f} A", f"≥ {target:.2f} A" if target else "", met,
                  per_second=per_second, anchor=anchor, ratio=ratio, target=target)  # fmt: skip
        return ratio

    def share(self, name, value, target, of):
        self._add(name, f"{value:.2f}", f"of {of}", f"≥ {target:.2f}", value >= target * (1 - RATE_NOISE),
                  value=value, target=target)  # fmt: skip

    def time(self, name, us, limit_us=None, note=""):
        met = limit_us is None or us <= limit_us * (1 + TIME_NOISE)
        self._add(name, f"{us / 1000:.2f} ms", note, f"≤ {limit_us / 1000:.2f} ms" if limit_us else "", met,
                  us=us, limit_us=limit_us)  # fmt: skip

    def memory(self, name, megabytes, limit):
        self._add(name, f"{megabytes:.0f} MB", "", f"≤ {limit} MB", megabytes <= limit, megabytes=megabytes, limit=limit)

    def cost(self, name, us):
        """Processor time for one complaint."""
        self._add(name, f"{us:.1f} us", "of a processor", "", True, us=us)

    def note(self, name, value, remark=""):
        self._add(name, value, remark, "", True)

    def _add(self, line, shown, remark, wanted, met, **numbers):
        self.lines.append({"name": line, "met": met, "shown": [shown, remark, wanted], **numbers})
        print(self._row(self.lines[-1]), flush=True)

    @staticmethod
    def _row(line):
        value, remark, wanted = line["shown"]
        verdict = "" if not wanted else "met" if line["met"] else "MISSED"
        return f"{line['name']:<52} {value:>12}  {remark:<20} {wanted:<12} {verdict}".rstrip()

    def all_met(self):
        return all(line["met"] for line in self.lines)

    def write(self, path, **about):
        lines = [{k: v for k, v in line.items() if k != "shown"} for line in self.lines]
        path.write_text(json.dumps({**about, "all_met": self.all_met(), "figures": lines}, ensure_ascii=False, indent=1) + "\n")
