#!/usr/bin/env python3
"""Publishes stats from Python, without a library: jobs.py [NAME]

Works on one job for each line of standard input: its seconds go to sleep.
"""

import subprocess
import sys
import time


class Stats:
    """Stats in a file of mmstats, written by one mmstats-write beside us."""

    # In labels and values: what would end a word or a line.
    ESCAPES = str.maketrans({"\\": "\\\\", " ": "\\ ", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

    def __init__(self, name):
        self.process = subprocess.Popen(
            ["mmstats-write", "-n", name, "stream"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def update(self, *assignments):
        """update(("hits+=", 1), ("state=", "a text")): all of them or none."""
        line = " ".join(label + str(value).translate(self.ESCAPES) for label, value in assignments)
        self.process.stdin.write(line + "\n")

    def sync(self):
        """Waits until readers see all updates; False if some were wrong."""
        self.process.stdin.write("?\n")
        return self.process.stdout.readline() == "ok\n"

    def close(self):
        self.process.stdin.close()
        return self.process.wait() == 0


def main():
    stats = Stats(sys.argv[1] if len(sys.argv) > 1 else "jobs")
    for line in sys.stdin:
        stats.update(("jobs.running=", 1), ("jobs.state=", "working on " + line.strip()))
        start = time.monotonic()
        try:
            time.sleep(float(line))
            stats.update(("jobs.done+=", 1), ("jobs.seconds:timer+=", time.monotonic() - start))
        except ValueError:
            stats.update(("jobs.failed+=", 1))
    stats.update(("jobs.running=", 0), ("jobs.state=", "idle"))
    return 0 if stats.close() else 1


if __name__ == "__main__":
    sys.exit(main())
