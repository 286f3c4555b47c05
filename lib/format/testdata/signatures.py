"""Prints signatures.tsv: what Python's struct makes of type signatures.

    python3 signatures.py > signatures.tsv      (on 64-bit little-endian)

Columns: format (a Go string), size, bytes of a value (hex), value. The size
is "error" where struct refuses the format, and "none" where it yields no value.
"""
import json
import random
import struct

CODES = 'xcbB?hHiIlLqQnNPfdesp'
SHAPES = ['{}', 'x{}', '3{}', '12{}', '{}5x', 'b{}', '0{}b', 'b0{}h', '{} ', '  {}',
          'h\t{}\n', '{}{}', 'x 2x{}4x x']
SPECIAL = ['', ' ', '<', '@', '3', '3 Q', ' <Q', 'Q<', 'QQ', 'Qd', '20s', '0s', '0p', '1p', '0sQ',
           '255p', 'z', '_', 'Q\0', '\0', 'é', '-1Q', '+Q', '1.5Q', '00003Q', '=@Q', '<>Q', '0Q', 'xx',
           '@ Q', '< Q ', 'Q\v\f\r', 'Q\xa0', 'd16x   ', '   Q', 'I4x ', 'bbbbbbbbbQ', '5sQ', '?hQ']


def text(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, bytes):
        return 'hex:' + value.split(b'\0', 1)[0].hex()
    return repr(value)


def row(fmt, raw=None):
    name = json.dumps(fmt, ensure_ascii=False)
    try:
        size = struct.calcsize(fmt)
    except (struct.error, ValueError, UnicodeEncodeError):
        print(name, 'error', '', '', sep='\t')
        return
    if raw is None:
        # Small enough that a 'p' has a length that fits now and then.
        raw = bytes(random.choice((0, 1, 2, 3, 65, 127, 128, 200, 255)) for _ in range(size))
    try:
        values = struct.unpack(fmt, raw)
    except SystemError:  # a bug of Python's in '0p'
        return
    if values:
        print(name, size, raw.hex(), text(values[0]), sep='\t')
    else:
        print(name, 'none', '', '', sep='\t')


random.seed(1)
for order in ('', '@', '=', '<', '>', '!'):
    for code in CODES:
        for shape in SHAPES:
            row(order + shape.replace('{}', code))
for fmt in SPECIAL:
    row(fmt)
for order in '<>':
    for fmt, value in (('d', 0.1), ('d', -0.0), ('d', 5e-324), ('d', float('nan')), ('d', float('inf')), ('d', float('-inf')),
                       ('f', 0.1), ('f', float('nan')), ('f', float('-inf')), ('f', 1e-45),
                       ('e', 0.1), ('e', -0.0), ('e', 65504.0), ('e', 6e-8), ('e', 6e-5), ('e', float('nan')), ('e', float('inf')), ('e', float('-inf')),
                       ('q', -2**63), ('Q', 2**64 - 1), ('i', -2**31), ('I', 2**32 - 1), ('h', -2**15), ('H', 2**16 - 1)):
        row(order + fmt, struct.pack(order + fmt, value))
