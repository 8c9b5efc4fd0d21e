"""How a client speaks Engine.IO 4 and 3."""

import json

from checks import equal
from wire import Socket, ask


class Dialect:
    """What differs between the revisions: the number, and how packets stand in a payload."""

    def __init__(self, path, version):
        self.path, self.version = path, version

    def pack(self, *packets):
        if self.version == 4:
            return "\x1e".join(packets)
        packets = ["b4" + packet[1:] if packet.startswith("b") else packet for packet in packets]
        return "".join(f"{len(packet.encode('utf-16-le')) // 2}:{packet}" for packet in packets)

    def target(self, transport="polling", **more):
        extra = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{self.path}?EIO={self.version}&transport={transport}{extra}"

    async def open(self, fixture):
        """A session by polling; the terms that its handshake tells."""
        reply = await ask(fixture, "GET", self.target(b64=1))
        equal(reply.status, 200)
        packet = reply.text if self.version == 4 else reply.text.partition(":")[2]
        equal(reply.text, self.pack(packet))
        assert packet.startswith("0"), packet
        return json.loads(packet[1:])

    async def session(self, fixture):
        return self.target(b64=1, sid=(await self.open(fixture))["sid"])

    async def socket(self, fixture, **more):
        return await Socket.connect(fixture, self.target("websocket", **more))

    async def opened(self, fixture):
        """A session by WebSocket, its handshake heard; the socket and the terms."""
        socket = await self.socket(fixture)
        packet = await socket.hear()
        assert packet.startswith("0"), packet
        return socket, json.loads(packet[1:])

    async def upgraded(self, fixture):
        target = await self.session(fixture)
        socket = await self.socket(fixture, sid=target.rpartition("=")[2])
        socket.say("2probe")
        equal(await socket.hear(), "3probe")
        socket.say("5")
        return target, socket
