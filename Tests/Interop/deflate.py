"""WebSocket: permessage-deflate, groups 12 and 13 of the Autobahn suite, with every offer."""

import os
import zlib

from checks import equal
from frames import MIB, open_echo, timed, echoed, topic
from wire import BINARY, PING, TEXT, frame

OFFERS = {  # offer -> what must be agreed
    "permessage-deflate": {},
    "permessage-deflate; client_max_window_bits": {},
    "permessage-deflate; client_no_context_takeover": {},
    "permessage-deflate; server_no_context_takeover": {"server_no_context_takeover": ""},
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover": {"server_no_context_takeover": ""},
    "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8": None,
    **{f"permessage-deflate; server_max_window_bits={bits}": {"server_max_window_bits": str(bits)}
       for bits in range(9, 16)},
    "permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_max_window_bits=9": {
        "server_max_window_bits": "10", "server_no_context_takeover": ""},
    "permessage-deflate; server_max_window_bits=99, permessage-deflate; server_max_window_bits=12": {
        "server_max_window_bits": "12"},
    'permessage-deflate; server_max_window_bits="9"': {"server_max_window_bits": "9"},
}


class Deflate:
    """Both sides of permessage-deflate as a client has agreed."""

    def __init__(self, agreed):
        bits = int(agreed.get("client_max_window_bits", 15))
        self.fresh = lambda: zlib.compressobj(6, zlib.DEFLATED, -max(bits, 9))
        # A window of exactly what was agreed: what refers further back cannot be read.
        self.fresh_reader = lambda: zlib.decompressobj(-int(agreed.get("server_max_window_bits", 15)))
        self.forgets = "client_no_context_takeover" in agreed
        self.server_forgets = "server_no_context_takeover" in agreed
        self.writer, self.reader = self.fresh(), self.fresh_reader()

    def write(self, data):
        if self.forgets:
            self.writer = self.fresh()
        return (self.writer.compress(data) + self.writer.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def read(self, data):
        if self.server_forgets:
            self.reader = self.fresh_reader()
        return self.reader.decompress(data + b"\0\0\xff\xff")


def agreed(extensions):
    name, *parameters = [part.strip() for part in extensions.split(";")]
    equal(name, "permessage-deflate")
    return {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in parameters)}


async def compressed_echoes(socket, deflate, sizes, count, part=None):
    source = (os.urandom(997) + b'{"name":"value","number":12345}' * 97) * 200
    for number in range(count):
        for size in sizes:
            data = source[number * 31 % 4000:][:size]
            packed = deflate.write(data)
            step = part or max(len(packed), 1)
            starts = range(0, max(len(packed), 1), step)
            for start in starts:
                socket.write(frame(
                    0 if start else BINARY, packed[start:start + step], fin=start == starts[-1],
                    rsv=0 if start else 4, key=b"\0\0\0\0"))
            got, fin = b"", False
            while not fin:
                fin, rsv, opcode, more = await socket.frame()
                if opcode and not got:
                    compressed = bool(rsv & 4)
                got += more
            assert (deflate.read(got) if compressed else got) == data, f"another message of {size} bytes"


for offer, must in OFFERS.items():
    @topic.check(f"13 {offer} is agreed, and messages of 0 to 128 KiB come back by it")
    async def _(fixture, offer=offer, must=must):
        socket = await open_echo(fixture, offer)
        terms = agreed(socket.extensions)
        for key, value in (must or {}).items():
            equal(terms.get(key), value)
        if "client_max_window_bits" not in offer:
            assert "client_max_window_bits" not in terms, terms
        sizes = (0, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)
        await compressed_echoes(socket, Deflate(terms), sizes, 3)
        await compressed_echoes(socket, Deflate(terms), (), 0)


for wrong in ("permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
              "permessage-deflate; server_max_window_bits", "permessage-deflate; client_max_window_bits=0",
              "permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
              "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "x-webkit-deflate-frame"):
    @topic.check(f"13 {wrong} is not agreed, and the connection goes on without")
    async def _(fixture, wrong=wrong):
        socket = await open_echo(fixture, wrong)
        equal(socket.extensions, "")
        await echoed(socket, TEXT, "plain")


@topic.check("12 a hundred messages of 128 KiB in parts of 256 bytes come back within 30 s")
async def _(fixture):
    socket = await open_echo(fixture, "permessage-deflate")
    await timed(30, compressed_echoes(socket, Deflate(agreed(socket.extensions)), (131072,), 100, part=256))


@topic.check("12 a message that is not compressed may come between compressed ones")
async def _(fixture):
    socket = await open_echo(fixture, "permessage-deflate")
    deflate = Deflate(agreed(socket.extensions))
    await compressed_echoes(socket, deflate, (100,), 1)
    socket.write(frame(TEXT, "plain"))
    _, rsv, _, data = await socket.frame()
    equal(deflate.read(data) if rsv else data, b"plain")
    await compressed_echoes(socket, deflate, (100,), 1)


@topic.check("12 compressed garbage, and compressed text that is no text, are closed")
async def _(fixture):
    for data, code in ((b"\xff\xff\xff\xff", (1002, 1007)), (Deflate({}).write(b"\xff\xfe"), (1007,))):
        socket = await open_echo(fixture, "permessage-deflate")
        socket.write(frame(TEXT, data, rsv=4))
        got = await socket.end()
        assert got in code, got


@topic.check("12 the bit of compression on a later part, or on a ping, is closed with 1002")
async def _(fixture):
    for frames in ([frame(TEXT, "", fin=False, rsv=4), frame(0, "", rsv=4)], [frame(PING, b"", rsv=4)]):
        socket = await open_echo(fixture, "permessage-deflate")
        for data in frames:
            socket.write(data)
        equal(await socket.end(), 1002)


@topic.check("12 a small message that inflates beyond 16 MiB is closed with 1009")
async def _(fixture):
    socket = await open_echo(fixture, "permessage-deflate")
    socket.write(frame(BINARY, Deflate({}).write(b"\0" * (17 * MIB)), rsv=4))
    equal(await socket.end(), 1009)
