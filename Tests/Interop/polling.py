"""A light client of Socket.IO that polls, so that a test can have thousands; it does what browsers do."""

import asyncio
import collections
import hashlib
import json
import random
import uuid

from wire import Connection, Gone

# A poll is answered within the ping interval.
SECONDS_MAX = 60


class Over(Exception):
    """The session is over; why."""


class Poller:
    """A member of one room that polls, comes back when its session is over, and resumes with what it has."""

    def __init__(self, place, token, room):
        self.place, self.token, self.room = place, token, room
        self.last, self.chain, self.wrong, self.names = 0, b"", [], []
        self.sid, self.ready, self.ended = "", asyncio.Event(), collections.Counter()
        self.connections, self.repeated, self.leaving, self.acks = {}, 0, False, {}
        self.lock = asyncio.Lock()

    # HTTP

    async def fetch(self, method, target, body=None):
        """One request. On a connection that had been kept alive and ends without an answer it is repeated, whatever it
        is, without a word to those above, as browsers do."""
        target += f"&t={uuid.uuid4().hex[:12]}"
        kept = self.connections.pop(method, None)
        if kept:
            try:
                return await self.exchange(kept, method, target, body)
            except (Gone, OSError):
                self.repeated += 1
        return await self.exchange(await Connection.open(self.place.port), method, target, body)

    async def exchange(self, connection, method, target, body):
        try:
            connection.ask(method, target, body)
            async with asyncio.timeout(SECONDS_MAX):
                reply = await connection.reply()
            self.connections[method] = connection
            return reply
        except BaseException:
            connection.cut()
            raise

    # The session

    async def live(self):
        while not self.leaving:
            try:
                await self.session()
            except Over as over:
                self.ended[str(over)] += 1
            except (Gone, OSError, asyncio.TimeoutError):
                self.ended[await self.fate()] += 1
            self.ready.clear()
            self.sid = ""
            for waiting in self.acks.values():
                if not waiting.done():
                    waiting.set_result({"ok": False})
            self.acks.clear()
            if not self.leaving:
                await asyncio.sleep(random.uniform(0.5, 1.5))

    async def session(self):
        terms = await self.fetch("GET", "/socket.io/?EIO=4&transport=polling")
        if terms.status != 200:
            raise Over(f"no handshake, {terms.status}")
        self.sid = json.loads(terms.text[1:])["sid"]
        await self.post("40" + json.dumps({"token": self.token}))
        while True:
            reply = await self.fetch("GET", self.target)
            if reply.status != 200:
                raise Over(reply.text if reply.status == 400 else await self.fate())
            for packet in reply.text.split("\x1e"):
                await self.packet(packet)

    @property
    def target(self):
        return f"/socket.io/?EIO=4&transport=polling&sid={self.sid}"

    async def fate(self):
        """What a session whose transport has failed is told when it asks once more."""
        for _ in range(20):
            try:
                async with asyncio.timeout(5):
                    reply = await self.fetch("GET", self.target)
                if reply.status in (200, 400):
                    return reply.text if reply.status == 400 else "it lives"
            except asyncio.TimeoutError:
                return "it lives"
            except (Gone, OSError):
                pass
            await asyncio.sleep(0.2)
        return "nobody answers"

    async def post(self, packets):
        async with self.lock:
            reply = await self.fetch("POST", self.target, packets.encode())
        if reply.status != 200:
            raise Over(reply.text if reply.status == 400 else await self.fate())

    async def packet(self, packet):
        if packet == "2":
            await self.post("3")
        elif packet in ("1", "41"):
            raise Over("closed by the server")
        elif packet.startswith("40"):
            heads = {"heads": {str(self.room): self.last}}
            await self.post("420" + json.dumps(["resume", heads]))
        elif packet.startswith("430"):
            (reply,) = json.loads(packet[3:])
            if not reply.get("ok") or reply["d"]["behind"]:
                self.wrong.append(f"resume: {reply}")
            self.ready.set()
        elif packet.startswith("431"):
            (reply,) = json.loads(packet[3:])
            if (waiting := self.acks.pop(1, None)) and not waiting.done():
                waiting.set_result(reply)
        elif packet.startswith("42"):
            self.hear(json.loads(packet[2:])[1])
        elif packet != "6":
            self.wrong.append(f"packet {packet[:80]}")

    def hear(self, frame):
        if frame.get("conv") != self.room or "seq" not in frame:
            return
        if frame["seq"] != self.last + 1:
            self.wrong.append(f"{frame['seq']} after {self.last}; ended before: {dict(self.ended)}")
        self.last = frame["seq"]
        name = frame["d"].get("client_message_id")
        self.names.append(name)
        self.chain = hashlib.sha1(self.chain + f"{self.last} {name}".encode()).digest()

    async def say(self, text, name):
        """Sends through the session; whether it is known to be stored. One at a time."""
        if not self.ready.is_set():
            return False
        answer = self.acks[1] = asyncio.get_running_loop().create_future()
        try:
            message = {"conversation": self.room, "text": text, "client_message_id": name}
            await self.post("421" + json.dumps(["message.send", message]))
            async with asyncio.timeout(10):
                return (await answer).get("ok", False)
        except (Over, Gone, OSError, asyncio.TimeoutError):
            return False
        finally:
            self.acks.clear()

    async def leave(self, task, politely):
        """Ends the session by a packet, or by a cut connection as a closed lid does."""
        self.leaving = True
        if politely:
            await self.post("1")
            await asyncio.wait([task], timeout=10)
        for connection in self.connections.values():
            connection.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
