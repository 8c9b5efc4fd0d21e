"""WebSocket: the groups of the Autobahn suite, by number, against /ws-echo."""

import asyncio
import struct
import time

from checks import Topic, equal
from wire import BINARY, CLOSE, PING, PONG, TEXT, Socket, frame

topic = Topic("WebSocket", {"/ws-echo": []}, at_once=8)
MIB = 1 << 20


async def open_echo(fixture, offer=None):
    socket = await Socket.connect(
        fixture, "/ws-echo", [f"Sec-WebSocket-Extensions: {offer}"] if offer is not None else [])
    assert isinstance(socket, Socket), socket
    return socket


async def echoed(socket, opcode, data):
    """One message, there and back."""
    socket.write(frame(opcode, data))
    got = await socket.hear()
    data = data if isinstance(data, (str, bytes)) else bytes(data)
    equal(got.encode() if isinstance(got, str) else got, data.encode() if isinstance(data, str) else data)


def broken(number, sentence, *writes, code=1002, then=()):
    """Frames that end the connection with a code; what stands before them comes back first."""
    @topic.check(f"{number} {sentence} is closed with {code}")
    async def _(fixture):
        socket = await open_echo(fixture)
        for data in writes:
            socket.write(data)
        for wanted in then:
            equal(await socket.hear(), wanted)
        equal(await socket.end(), code)


# 1: sizes
for opcode, letter in ((TEXT, "*"), (BINARY, b"\xfe")):
    @topic.check(f"1 messages of opcode {opcode} and 0 to 65,536 bytes come back")
    async def _(fixture, opcode=opcode, letter=letter):
        socket = await open_echo(fixture)
        for size in (0, 125, 126, 127, 128, 65535, 65536):
            await echoed(socket, opcode, letter * size)


@topic.check("1 a message comes back however its bytes are cut")
async def _(fixture):
    socket = await open_echo(fixture)
    for octet in frame(TEXT, "a€𝄞" * 20):
        socket.write(bytes([octet]))
        await asyncio.sleep(0)
    equal(await socket.hear(), "a€𝄞" * 20)


# 2: pings and pongs
@topic.check("2 a ping of 0 to 125 bytes is answered with its bytes, ten in a row in order")
async def _(fixture):
    socket = await open_echo(fixture)
    for data in (b"", b"Hello", b"\0\xff\xfe\xfd", b"\xfe" * 125):
        socket.write(frame(PING, data))
        equal(await socket.frame(), (True, 0, PONG, data))
    for number in range(10):
        socket.write(frame(PING, f"payload-{number}"))
    for number in range(10):
        equal(await socket.frame(), (True, 0, PONG, f"payload-{number}".encode()))


@topic.check("2 pongs that nobody asked for are passed over")
async def _(fixture):
    socket = await open_echo(fixture)
    for data in (b"", b"unsolicited"):
        socket.write(frame(PONG, data))
    socket.write(frame(PING, b"p"))
    equal(await socket.frame(), (True, 0, PONG, b"p"))


broken("2", "a ping of 126 bytes", frame(PING, b"x" * 126))
broken("2", "a ping in two parts", frame(PING, b"x", fin=False))

# 3 and 4: reserved bits and opcodes
for rsv in range(1, 8):
    broken("3", f"a text with reserved bits {rsv}", frame(TEXT, "x", rsv=rsv))
broken("3", "a ping with a reserved bit", frame(PING, b"x", rsv=1))
broken("3", "a close with a reserved bit", frame(CLOSE, b"\x03\xe8", rsv=2))
for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    broken("4", f"opcode {opcode}", frame(TEXT, "before"), frame(opcode, "x"), then=["before"])

# 5: fragments
broken("5", "a continuation of nothing", frame(0, "x"))
broken("5", "a continuation of nothing, not final", frame(0, "x", fin=False))
broken("5", "a message inside of a message", frame(TEXT, "a", fin=False), frame(TEXT, "b"))
broken("5", "a continuation after the end", frame(TEXT, "a"), frame(0, "b"), then=["a"])
broken("5", "a frame without a mask", frame(TEXT, "x", masked=False))
broken("5", "a size that does not need its form", b"\x81\xfe\0\5\0\0\0\0Hello")
broken("5", "a size with the highest bit", b"\x82\xff\x80" + b"\0" * 7 + b"\0\0\0\0", code=1002)


@topic.check("5 a message in parts comes back as one, with pings answered between them")
async def _(fixture):
    socket = await open_echo(fixture)
    for opcode in (TEXT, BINARY):
        for parts in (["", "", ""], ["fragment1", "fragment2"], ["a", "", "b", "€"]):
            for number, part in enumerate(parts):
                socket.write(frame(opcode if number == 0 else 0, part, fin=number == len(parts) - 1))
                if number == 0:
                    socket.write(frame(PING, b"between"))
                    equal(await socket.frame(), (True, 0, PONG, b"between"))
            got = await socket.hear()
            equal(got if opcode == TEXT else got.decode(), "".join(parts))


# 6: UTF-8
GOOD = ["", "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "\0", "\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd",
        "\ufffe", "\uffff", "\U00010000", "\U0010ffff", "\U0001fffe", "\U0010fffe"]
BAD = ["ce", "cf83ce", "cebae1bdb9cf83cebcceb5eda080656469746564", "80", "bf", "8080", "c0", "c020", "e08020",
    "f0808020",
       "fe", "ff", "fefeffff", "c0af", "e080af", "f08080af", "f8808080af", "fc80808080af", "c1bf", "e09fbf", "f08fbfbf",
       "c080", "e08080", "f0808080", "eda080", "edadbf", "edb080", "edbfbf", "eda080edb080", "edafbfedbfbf", "f4908080",
       "f7bfbfbf", "f8888080", "fbbfbfbfbf", "fdbfbfbfbfbf", "e0a0", "f09080", "61ff62"]


@topic.check("6 valid text comes back, whole, in parts and byte by byte")
async def _(fixture):
    socket = await open_echo(fixture)
    for text in GOOD:
        await echoed(socket, TEXT, text)
        octets = [bytes([octet]) for octet in text.encode()] or [b""]
        for number, octet in enumerate(octets):
            socket.write(frame(0 if number else TEXT, octet, fin=number == len(octets) - 1))
        equal(await socket.hear(), text)


for bad in BAD:
    broken("6", f"the text {bad}", frame(TEXT, bytes.fromhex(bad)), code=1007)


def at_once(number, sentence, before, rest):
    """Bytes after which text cannot become valid again: closed there, without waiting for the rest."""
    @topic.check(f"{number} {sentence} is closed with 1007 at its first wrong byte")
    async def _(fixture):
        socket = await open_echo(fixture)
        for data in before[:-1]:
            socket.write(data)
            socket.write(frame(PING, b"alive"))
            equal(await socket.frame(), (True, 0, PONG, b"alive"))
        socket.write(before[-1])
        equal(await socket.end(), 1007)
        assert rest


GREEK = bytes.fromhex("cebae1bdb9cf83cebcceb5")
for bad in ("f490", "eda0", "ff", "c0", "80", "e080", "f08f"):
    at_once("6.4", f"text with {bad} in a later part", [
        frame(TEXT, GREEK, fin=False), frame(0, bytes.fromhex(bad), fin=False)], "the last part")
whole = frame(TEXT, GREEK + bytes.fromhex("f490808065646974"), key=b"\0\0\0\0")


@topic.check("6.4 a frame is closed with 1007 at the first wrong byte, before its end has come")
async def _(fixture):
    socket = await open_echo(fixture)
    # The mask's and the header's six bytes, the valid text and f4 do not say yet that the text is wrong; 90 does.
    socket.write(whole[:6 + len(GREEK) + 1])
    await asyncio.sleep(0.1)
    assert not socket.reader.at_eof()
    socket.write(whole[6 + len(GREEK) + 1:6 + len(GREEK) + 2])
    equal(await socket.end(), 1007)


# 7: closing
for data, code in ((b"", 1005), (b"\x03\xe8", 1000), (b"\x03\xe8Hello", 1000), (b"\x03\xe8" + b"*" * 123, 1000)):
    @topic.check(f"7 a close of {len(data)} bytes is answered with its code and the connection's end")
    async def _(fixture, data=data, code=code):
        socket = await open_echo(fixture)
        await echoed(socket, TEXT, "before")
        socket.write(frame(CLOSE, data))
        equal(await socket.end(), code)


@topic.check("7 what comes after a close is passed over")
async def _(fixture):
    socket = await open_echo(fixture)
    socket.write(frame(CLOSE, b"\x03\xe8") + frame(TEXT, "late") + frame(PING, b"late") + frame(CLOSE, b"\x03\xe8"))
    equal([kind for _, _, kind, _ in [await socket.frame()]], [CLOSE])
    equal(await socket.reader.read(), b"")


broken("7", "a close of one byte", frame(CLOSE, b"x"))
broken("7", "a close of 126 bytes", frame(CLOSE, b"\x03\xe8" + b"x" * 124))
broken("7", "a close whose reason is no text", frame(CLOSE, b"\x03\xe8\xce\xba\xff"), code=1007)
for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    broken("7", f"a close with {code}", frame(CLOSE, struct.pack(">H", code)))
for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
    broken("7", f"a close with {code}, which is allowed,", frame(CLOSE, struct.pack(">H", code)), code=code)


# 9: limits
async def timed(seconds, work):
    started = time.monotonic()
    await work
    assert time.monotonic() - started < seconds, f"took {time.monotonic() - started:.1f} s of {seconds}"


for opcode in (TEXT, BINARY):
    @topic.check(f"9 a message of opcode {opcode} and 16 MiB comes back within 10 s, whole and in parts of 4 KiB")
    async def _(fixture, opcode=opcode):
        socket = await open_echo(fixture)
        data = b"BAsd7&jh" * (2 * MIB)

        async def work(size):
            for start in range(0, len(data), size):
                last = start + size >= len(data)
                socket.write(frame(0 if start else opcode, data[start:start + size], fin=last, key=b"\0\0\0\0"))
                await socket.writer.drain()
            got = await socket.hear()
            assert (got.encode() if opcode == TEXT else got) == data

        await timed(10, work(len(data)))
        await timed(10, work(4096))


@topic.check("9 a message in 65,537 parts comes back within 20 s")
async def _(fixture):
    socket = await open_echo(fixture)

    async def work():
        socket.write(frame(BINARY, b"x" * 16, fin=False))
        for _ in range(65535):
            socket.write(frame(0, b"x" * 16, fin=False, key=b"\0\0\0\0"))
        socket.write(frame(0, b"x" * 16))
        equal(len(await socket.hear()), 65537 * 16)

    await timed(20, work())


@topic.check("9 a message of 1 MiB comes back within 20 s when it comes 64 bytes at a time")
async def _(fixture):
    socket = await open_echo(fixture)

    async def work():
        data = frame(TEXT, "x" * MIB, key=b"\0\0\0\0")
        for start in range(0, len(data), 64):
            socket.write(data[start:start + 64])
            await socket.writer.drain()
        equal(len(await socket.hear()), MIB)

    await timed(20, work())


@topic.check("9 a message beyond 16 MiB is closed with 1009")
async def _(fixture):
    socket = await open_echo(fixture)
    socket.write(b"\x82\xff" + struct.pack(">Q", 16 * MIB + 1) + b"\0\0\0\0")
    equal(await socket.end(), 1009)
