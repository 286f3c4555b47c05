"""Prints every record of an archive as JSON Lines.

A reader that shares no code with the one under test: mmstats-archive(5)
written down once more. The argument is a segment, or a directory of them.
Floats are printed as the integer that their bits are, texts with one character
for each byte.
"""
import glob
import json
import os
import struct
import sys
import zlib

HEADER = b'mmrec\0\0\1'
MARK = b'\xffmr'
I, F, T = 'i', 'f', 't'
TYPES = {
    1: ('int8', I), 2: ('int16', I), 3: ('int32', I), 4: ('int64', I),
    5: ('uint8', I), 6: ('uint16', I), 7: ('uint32', I), 8: ('uint64', I),
    9: ('float32', F), 10: ('float64', F), 11: ('bool', I), 12: ('string', T),
    13: ('counter', I), 14: ('average', F + I + F), 15: ('moving', F + I),
    16: ('histogram', 3 * F + 498 * I),
}
KINDS = {1: 'constant', 2: 'gauge', 3: 'counter', 4: 'bool', 5: 'string'}


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xff] ^ crc >> 8
    return crc ^ 0xffffffff


def table():
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        yield n


TABLE = list(table())


class Cursor:
    """Reads a payload, or a stream of it."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError('the payload is too short')
        return self.data[self.at - size:self.at]

    def byte(self):
        return self.bytes(1)[0]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def sized(self):
        return Cursor(self.bytes(self.number()))

    def done(self):
        return self.at == len(self.data)


class Archive:
    """What is known from one record to the next."""

    def __init__(self):
        self.records = 0
        self.order = []

    def text(self, cursor):
        number = cursor.number()
        if number == 0:
            self.texts.append(cursor.bytes(cursor.number()))
        return self.texts[number - 1]

    def apply(self, kind, payload):
        self.order = [f for f in self.order if not f['gone']]
        if kind == b'K':
            self.texts, self.slots, self.files, self.order = [], [], [], []
            self.start, self.since, self.interval = payload.number(), payload.number(), payload.number()
        else:
            self.since += payload.number()
        for _ in range(payload.number()):
            self.event(payload)
        for stream in I, F, T:
            gaps, data = payload.sized(), payload.sized()
            slot = -1
            while not gaps.done():
                slot += 1 + gaps.number()
                self.change(stream, self.slots[slot], data)
            assert data.done()

    def event(self, payload):
        event = payload.number()
        if event == 0:
            self.files[payload.number()]['gone'] = True
        elif event == 1:
            self.add(payload)
        elif event == 2:
            self.slots[payload.number()][0]['unread'] = True
        elif event == 3:
            f = self.files[payload.number()]
            f['writer'] = payload.number()
        elif event == 4:
            lost = self.files[payload.number()]
            self.order = [f for f in self.order if f is not lost]
        else:
            raise ValueError(f'event {event}')

    def add(self, payload):
        follows, after = payload.number(), payload.number()
        f = {'path': self.text(payload).decode('latin-1'), 'inode': payload.number(),
             'writer': payload.number(), 'gone': False, 'stats': []}
        self.order.insert(self.order.index(self.files[after - 1]) + 1 if after else 0, f)
        self.files.append(f)
        for _ in range(payload.number()):
            label = self.text(payload).decode('latin-1')
            name, words = TYPES[payload.byte()]
            kind = payload.byte()
            stat = {'label': label, 'type': name, 'kind': KINDS.get(kind & 7), 'live': kind & 8 > 0,
                    'description': self.text(payload).decode('latin-1'), 'unread': False,
                    'words': [0 if w != T else '' for w in words]}
            assert payload.number() == len(words)
            self.slots += [(stat, i, w) for i, w in enumerate(words)]
            f['stats'].append(stat)

    def change(self, stream, slot, data):
        stat, i, word = slot
        assert word == stream
        stat['unread'] = False
        words = stat['words']
        if stream == I:
            delta = data.number()
            words[i] = (words[i] + (delta >> 1 ^ -(delta & 1))) & (1 << 64) - 1
        elif stream == F:
            zeros = data.byte()
            high, low = zeros >> 4, zeros & 15
            words[i] ^= int.from_bytes(data.bytes(8 - high - low), 'little') << 8 * low
        else:
            words[i] = self.text(data).decode('latin-1')


def mean(stat):
    """The mean of an average is stored XORed with total / count."""
    rest, count, total = stat['words']
    total = struct.unpack('<d', struct.pack('<Q', total))[0]
    if count == 0 or total != total:
        return rest
    return rest ^ struct.unpack('<Q', struct.pack('<d', total / count))[0]


def printable(stat):
    words = list(stat['words'])
    if stat['type'] == 'average':
        words[0] = mean(stat)
    return {**stat, 'words': [str(w) for w in words]}


def records(data):
    assert data[:8] == HEADER, 'not a segment'
    at = 8
    while at < len(data):
        mark, kind, size, crc, codec, time = struct.unpack_from('<3scIIB3xq', data, at)
        record = data[at:at + 24 + size]
        assert mark == MARK and len(record) == 24 + size
        assert crc == crc32c(record[:8] + record[12:])
        payload = record[24:].replace(MARK + b'\0', MARK)
        if codec == 1:
            payload = zlib.decompress(payload, -15)
        yield kind, time, payload
        at += 24 + size


def main(path):
    archive = Archive()
    notes = []
    segments = sorted(glob.glob(path + '/*.mmrec')) if os.path.isdir(path) else [path]
    for segment in segments:
        with open(segment, 'rb') as f:
            data = f.read()
        for kind, time, payload in records(data):
            if kind == b'N':
                notes.append(payload.decode())
                continue
            archive.apply(kind, Cursor(payload))
            print(json.dumps({
                'time': time, 'start': archive.start, 'since': archive.since, 'interval': archive.interval, 'notes': notes,
                'files': [{**f, 'stats': [printable(s) for s in f['stats']]} for f in archive.order]}))
            notes = []


main(sys.argv[1])
