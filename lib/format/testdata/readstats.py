"""Prints every stat of the files that are its arguments as JSON Lines.

A reader of the format that shares no code with the one under test: mmstats(5)
written down once more, on Python's struct. Each line holds file, label,
signature, buffered and value; a float that JSON cannot hold is a text. Where the
stat has them, description holds the lines before the value, by key, and
histogram what it counts: count, sum, min, max and buckets, by upper bound.
"""
import json
import math
import os
import re
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
        yield label, signature, index != 255, value


def description(signature, value):
    """Returns the lines before the value, as they are in the file."""
    pad = re.match(r'(\d+)x', signature)
    if not pad or int(pad[1]) > 4096:
        return {}
    found = {}
    lines, nul, _ = value[:int(pad[1])].partition(b'\0')
    for line in lines.decode('utf-8', 'replace').split('\n') if nul else ():
        key, equals, text = line.partition('=')
        if equals and re.fullmatch('[a-z][a-z0-9_]*', key):
            found.setdefault(key, text)
    return found


def histogram(signature, words):
    """Returns what a histogram counts, or None where it is none."""
    bare = re.sub(r'^\d+x', '', signature)
    if bare.strip() != '4d499Q' or bare == bare.strip() or words[4] != 0xffe50003:
        return None
    counts = words[5:]
    bounds = [2**((i - 216) / 8) for i in range(len(counts) - 1)] + [math.inf]
    return {'count': sum(counts), 'sum': words[1], 'min': printable(words[2]), 'max': printable(words[3]),
            'buckets': [[printable(bound), n] for bound, n in zip(bounds, counts) if n]}


def printable(value):
    if isinstance(value, bytes):
        return value.split(b'\0', 1)[0].decode('utf-8', 'replace')
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


for name in sys.argv[1:]:
    with open(name, 'rb') as f:
        for label, signature, buffered, value in stats(f.read()):
            words = struct.unpack(signature, value)
            stat = {
                'file': os.path.basename(name), 'label': label.decode('utf-8', 'replace'),
                'signature': signature, 'buffered': buffered, 'value': printable(words[0])}
            if about := description(signature, value):
                stat['description'] = about
            if not buffered and (counted := histogram(signature, words)):
                stat['histogram'] = counted
            print(json.dumps(stat))
