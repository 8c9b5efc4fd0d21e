"""Members of a room by every wire; each notes what it hears, and resumes from there when it comes back."""

import asyncio
import itertools
import json
import threading

import aiohttp
import socketio

from checks import until
from wire import Gone, Socket

WAYS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}


class Ear:
    """What one member has heard of one room: (seq, id) in the order in which it came."""

    def __init__(self, room):
        self.room, self.entries, self.entrances = room, [], 0

    def hear(self, frame):
        if frame.get("conv") == self.room and "seq" in frame:
            self.entries.append((frame["seq"], frame["d"].get("id")))

    @property
    def last(self):
        return max((seq for seq, _ in self.entries), default=0)

    @property
    def is_settled(self):
        """Whether a client of python-socketio has finished with coming back; it says so nowhere else."""
        return not self.client._reconnect_task

    def resume(self):
        return {"heads": {str(self.room): self.last}}

    def entered(self, reply):
        assert reply.get("ok") and not reply["d"]["behind"], reply
        self.entrances += 1


class Native(Ear):
    """A member by the native WebSocket."""

    kind = "native"

    def __init__(self, place, token, room):
        super().__init__(room)
        self.place, self.token, self.ids, self.waiting = place, token, itertools.count(), {}

    async def enter(self):
        self.socket = await Socket.connect(self.place, "/v1/socket", ["Sec-WebSocket-Protocol: martlet.v1.json"])
        self.listening = asyncio.create_task(self.listen())
        await self.call("auth", {"token": self.token})
        self.entered(await self.call("resume", self.resume()))

    async def listen(self):
        try:
            while True:
                frame = json.loads(await self.socket.hear())
                if "re" in frame:
                    self.waiting.pop(frame["re"]).set_result(frame)
                else:
                    self.hear(frame)
        except Gone:
            pass

    async def call(self, operation, detail):
        number = str(next(self.ids))
        answer = self.waiting[number] = asyncio.get_running_loop().create_future()
        self.socket.say(json.dumps({"id": number, "op": operation, "d": detail}))
        reply = await asyncio.wait_for(answer, 15)
        assert reply.get("ok"), reply
        return reply

    async def leave(self):
        self.socket.close()
        await self.listening


class Asynchronous(Ear):
    """A member by python-socketio's asynchronous client, which comes back by itself."""

    def __init__(self, place, token, room, way):
        super().__init__(room)
        self.place, self.token, self.way, self.kind = place, token, way, f"asynchronous {way}"
        # The library leaves sessions of its own open when it comes back.
        self.session = aiohttp.ClientSession()
        self.client = socketio.AsyncClient(
            reconnection_delay=0.1, reconnection_delay_max=0.3, randomization_factor=0.05, handle_sigint=False,
            http_session=self.session)
        self.client.on("*", lambda _, frame: self.hear(frame))
        self.client.on("connect", self.come_in)

    async def enter(self):
        await self.client.connect(f"http://127.0.0.1:{self.place.port}", auth={"token": self.token},
            transports=WAYS[self.way], wait_timeout=20)
        await until(lambda: self.entrances)

    async def come_in(self):
        try:
            self.entered(await self.client.call("resume", self.resume(), timeout=15))
        except (socketio.exceptions.SocketIOError, asyncio.CancelledError):
            pass  # cut again; the next entrance resumes

    async def call(self, operation, detail):
        reply = await self.client.call(operation, detail, timeout=15)
        assert reply.get("ok"), reply
        return reply

    @property
    def node(self):
        return self.client.eio.sid.partition(".")[0]

    async def leave(self):
        await self.client.disconnect()
        await self.session.close()


class Synchronous(Ear):
    """A member by python-socketio's synchronous client, in threads of its own.

    Each event is handled in a thread: what came in order may be noted out of order, so `entries` are sorted.
    """

    def __init__(self, place, token, room, way):
        super().__init__(room)
        self.place, self.token, self.way, self.kind = place, token, way, f"synchronous {way}"
        self.lock = threading.Lock()
        # Longer than any of its threads needs to note what came before the cut.
        self.client = socketio.Client(
            reconnection_delay=0.3, reconnection_delay_max=0.6, randomization_factor=0.05, handle_sigint=False)
        self.client.on("*", lambda _, frame: self.hear(frame))
        self.client.on("connect", self.come_in)

    def hear(self, frame):
        with self.lock:
            super().hear(frame)
            self.entries.sort()

    async def enter(self):
        await asyncio.to_thread(self.client.connect, f"http://127.0.0.1:{self.place.port}",
            auth={"token": self.token}, transports=WAYS[self.way], wait_timeout=20)
        await until(lambda: self.entrances)

    def come_in(self):
        try:
            with self.lock:
                wish = self.resume()
            self.entered(self.client.call("resume", wish, timeout=15))
        except socketio.exceptions.SocketIOError:
            pass  # cut again; the next entrance resumes

    async def call(self, operation, detail):
        reply = await asyncio.to_thread(self.client.call, operation, detail, timeout=15)
        assert reply.get("ok"), reply
        return reply

    @property
    def node(self):
        return self.client.eio.sid.partition(".")[0]

    async def leave(self):
        await asyncio.to_thread(self.client.disconnect)
