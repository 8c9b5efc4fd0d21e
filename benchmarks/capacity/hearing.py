"""What a node spends on an entry that Redis brings: with one alone in a waking, and with many in one.

Whoever may publish on a cluster's Redis is believed like a node, so the entries are published here, each the next one of its
conversation: nothing is sent, stored or answered meanwhile, and a node does nothing but hear and tell its own sockets.
"""

import re
import subprocess
import time

from publishing import connect, words

USERS = 64


def read(connection, buffer, done, seconds=10):
    connection.settimeout(seconds)
    while not done(buffer):
        part = connection.recv(1 << 16)
        if not part:
            raise ConnectionError("Redis has closed")
        buffer += part
    return buffer


class Forger:
    """The last entry of each of a load's conversations, and what would come after it."""

    def __init__(self, port, load, groups):
        self.connection = connect(port)
        self.last = []
        for group, owner in groups:
            name = self.channel(port, group)
            with connect(port) as ear:
                ear.sendall(words("SSUBSCRIBE", name))
                heard = read(ear, b"", lambda data: data.count(b"\r\n") >= 6)
                load.send_one(group, owner)
                found = read(ear, heard, lambda data: b"]}\r\n" in data)
            payload = re.search(rb'\{"v":1,"c":.*\]\}', found).group()
            seq, entry = (int(re.search(rb'"%s":(\d+)' % key, payload).group(1)) for key in (b"q", b"i"))
            self.last.append([name, payload, seq, entry])
        self.place = 0

    @staticmethod
    def channel(port, group):
        told = subprocess.run(
            ["redis-cli", "-p", str(port), "PUBSUB", "SHARDCHANNELS", f"*c:{group}"], capture_output=True, text=True, check=True)
        return told.stdout.strip().encode()

    def publish(self, count):
        """The next entry of each of so many conversations, in one write."""
        out = []
        for _ in range(count):
            of = self.last[self.place % len(self.last)]
            self.place += 1
            name, payload, seq, entry = of
            # An id's lowest twelve bits are its bucket.
            of[1] = payload.replace(b'"q":%d' % seq, b'"q":%d' % (seq + 1)).replace(b'"i":%d' % entry, b'"i":%d' % (entry + 4_096))
            of[2], of[3] = seq + 1, entry + 4_096
            out.append(words("SPUBLISH", name, of[1]))
        self.connection.sendall(b"".join(out))
        read(self.connection, b"", lambda data: data.count(b"\n") >= count)

    @property
    def bytes(self):
        """Of an entry as Redis writes it to who listens."""
        name, payload, _, _ = self.last[0]
        return len(words("smessage", name, payload))

    def close(self):
        self.connection.close()


def play(forger, span, load, per_second, together, seconds):
    """CPU-us of a node for each entry that it heard, with what it told its sockets."""
    before, published = load.crowd.total("events"), 0
    with span as spent:
        began = time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            if published <= (now - began) * per_second:
                forger.publish(together)
                published += together
            load.crowd.poll(max(0.0, began + published / per_second - time.monotonic()) if together == 1 else 0.001)
        load.settle(lambda: False, 0.3)
    return published, load.crowd.total("events") - before, spent
