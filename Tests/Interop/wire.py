"""HTTP/1.1 and WebSocket by hand, so that a check can say what no well-behaved client would."""

import asyncio
import base64
import hashlib
import os
import struct
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Gone(Exception):
    """The other side has closed; `code` if it said so by a close frame."""

    def __init__(self, code=None):
        super().__init__(f"closed with {code}")
        self.code = code


class Reply(NamedTuple):
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()


class Connection:
    """One connection on which anything may be written."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 25))

    def write(self, data):
        self.writer.write(data)

    def ask(self, method, target, body=None, headers=()):
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))

    async def reply(self, has_body=True):
        """The next answer; `Gone` if the connection ends before it."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            status = int(head[0].split(" ")[1])
            headers = {}
            for line in filter(None, head[1:]):
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            has_body = has_body and status >= 200 and status not in (204, 304)
            return Reply(status, headers, await self.body(headers) if has_body else b"")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Gone() from error

    async def body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int((await self.reader.readline()).split(b";")[0], 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    def is_read(self, port):
        """Whether the other side has read all that was written: nothing waits in the kernel on either side."""
        ours = self.writer.get_extra_info("sockname")[1]
        ends = {(ours, port), (port, ours)}
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in list(table)[1:]]
        queues = [row[4] for row in rows if tuple(int(end.split(":")[1], 16) for end in row[1:3]) in ends]
        return len(queues) == 2 and all(queue == "00000000:00000000" for queue in queues)

    def close(self):
        self.writer.close()

    def cut(self):
        self.writer.transport.abort()


async def ask(fixture, method, target, body=None, headers=()):
    """One request on a connection of its own."""
    if isinstance(body, str):
        body = body.encode()
    connection = await Connection.open(fixture.port)
    try:
        connection.ask(method, target, body, headers)
        return await connection.reply(has_body=method != "HEAD")
    finally:
        connection.close()


def mask(data, key):
    if not data or key == b"\0\0\0\0":
        return data
    whole = (key * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


def frame(opcode, data=b"", fin=True, rsv=0, masked=True, key=None):
    """A client's frame."""
    data = data.encode() if isinstance(data, str) else data
    head = bytes([(fin << 7) | (rsv << 4) | opcode])
    top = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([top | len(data)])
    elif len(data) < 65536:
        head += bytes([top | 126]) + struct.pack(">H", len(data))
    else:
        head += bytes([top | 127]) + struct.pack(">Q", len(data))
    key = key or os.urandom(4)
    return head + key + mask(data, key) if masked else head + data


class Socket(Connection):
    """A WebSocket; what it hears is a frame or a message at a time."""

    extensions = ""

    @classmethod
    async def connect(cls, fixture, target, headers=()):
        """Shakes hands; the reply if it is refused."""
        self = await cls.open(fixture.port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.ask(
            "GET", target, headers=["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                                    f"Sec-WebSocket-Key: {key}", *headers])
        reply = await self.reply()
        if reply.status != 101:
            self.close()
            return reply
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert reply.headers["sec-websocket-accept"] == base64.b64encode(accept).decode(), "a wrong accept"
        self.extensions = reply.headers.get("sec-websocket-extensions", "")
        return self

    def say(self, message):
        text = isinstance(message, str)
        self.write(frame(TEXT if text else BINARY, message))

    async def frame(self):
        """(fin, rsv, opcode, data) of the next frame."""
        try:
            first, second = await self.reader.readexactly(2)
            assert not second & 0x80, "a server's frame is masked"
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            return bool(first & 0x80), (first >> 4) & 7, first & 15, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Gone() from error

    async def hear(self):
        """The next message; pings are answered; `Gone` with the code when a close frame comes."""
        opcode, parts = None, []
        while True:
            fin, _, kind, data = await self.frame()
            if kind == CLOSE:
                raise Gone(struct.unpack(">H", data[:2])[0] if data else 1005)
            if kind == PING:
                self.write(frame(PONG, data))
            elif kind != PONG:
                opcode = opcode or kind
                parts.append(data)
                if fin:
                    whole = b"".join(parts)
                    return whole.decode() if opcode == TEXT else whole

    async def end(self):
        """The code that it is closed with, whatever comes before; then the end of the connection."""
        while True:
            try:
                await self.hear()
            except Gone as gone:
                if gone.code is not None:
                    self.write(frame(CLOSE, struct.pack(">H", 1000)))
                    assert await self.reader.read() == b"", "something follows the close"
                return gone.code


async def until_gone(socket):
    """Hears until the other side closes; what came, and the code."""
    heard = []
    while True:
        try:
            heard.append(await socket.hear())
        except Gone as gone:
            return heard, gone.code
