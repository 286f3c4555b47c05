"""Prints every stat of the files that are its arguments as JSON Lines.

A reader of the format that shares no code with the one under test: mmstats(5)
written down once more, on Python's struct. Each line holds file, label,
signature, buffered and value; a float that JSON cannot hold is a text.
"""
import json
import math
import os
import struct
import sys


def stats(data):
    if data[:1] != b'\x01':
        raise ValueError('not a version 1 stat file')
    at = 1

    def take(size):
        nonlocal at
        if size > len(data) - at:
            raise ValueError(f'{size} bytes at {at} go past the end')
        at += size
        return data[at - size:at]

    while len(data) - at >= 2:
        label_size, = struct.unpack('=H', take(2))
        if label_size == 0:
            return
        label = take(label_size)
        signature = take(struct.unpack('=H', take(2))[0]).decode('ascii')
        size = struct.calcsize(signature)
        index, = take(1)
        if index == 255:
            value = take(size)
        else:
            value = (take(size), take(size))[index ^ 1]
        yield label, signature, index != 255, struct.unpack(signature, value)[0]


def printable(value):
    if isinstance(value, bytes):
        return value.split(b'\0', 1)[0].decode('utf-8', 'replace')
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


for name in sys.argv[1:]:
    with open(name, 'rb') as f:
        for label, signature, buffered, value in stats(f.read()):
            print(json.dumps({
                'file': os.path.basename(name), 'label': label.decode('utf-8', 'replace'),
                'signature': signature, 'buffered': buffered, 'value': printable(value)}))
