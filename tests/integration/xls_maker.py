"""A small XLS workbook (BIFF8 in an OLE2 file), since no library on Debian writes them any more."""

import struct

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def _record(number, data=b""):
    return struct.pack("<HH", number, len(data)) + data


def _bof(kind):
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _text(text, width="<H"):
    return struct.pack(width, len(text)) + b"\x01" + text.encode("utf-16-le")


def _xf(number_format):
    return _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, number_format, 0, 0x20, 0, 0, 0, 0, 0, 0))


def _globals(strings, name, sheet_at):
    table = b"".join(_text(text) for text in strings)
    return b"".join(
        [
            _bof(5),
            _record(0x0042, struct.pack("<H", 1200)),  # code page
            _record(0x0022, struct.pack("<H", 0)),  # dates count from 1900
            _xf(0),
            _xf(22),  # a date with its time
            _record(0x0085, struct.pack("<IBB", sheet_at, 0, 0) + _text(name, "<B")),
            _record(0x00FC, struct.pack("<II", len(strings), len(strings)) + table),
            _record(0x000A),
        ]
    )


def _cell(row, column, value, strings):
    if isinstance(value, str):
        return _record(0x00FD, struct.pack("<HHHI", row, column, 0, strings.index(value)))
    date = isinstance(value, float)
    return _record(0x0203, struct.pack("<HHHd", row, column, 1 if date else 0, value))


def _stream(rows):
    strings = sorted({value for row in rows for value in row if isinstance(value, str)})
    width = max(len(row) for row in rows)
    sheet = [_bof(0x10), _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))]
    sheet += [_cell(r, c, value, strings) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None]
    sheet.append(_record(0x000A))
    at = len(_globals(strings, "表", 0))
    data = _globals(strings, "表", at) + b"".join(sheet)
    return data.ljust(max(4096, -(-len(data) // SECTOR) * SECTOR), b"\0")


def _entry(name, kind, child, start, size):
    encoded = (name + "\0").encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, FREE, FREE, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def to_xls(*rows):
    """Rows of texts, whole numbers, None, and floats, which become dates (days since 1899-12-30)."""
    data = _stream(rows)
    sectors = len(data) // SECTOR  # the stream comes first, then the directory, then the allocation table
    chain = [*range(1, sectors), END, END, FAT]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    directory = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 0, len(data)) + bytes(256)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, sectors, 0, 4096, END, 0, END, 0) + struct.pack("<I", sectors + 1)
    return header.ljust(SECTOR, b"\xff") + data + directory + table
