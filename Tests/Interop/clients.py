"""python-socketio's clients, asynchronous and synchronous, by polling, by WebSocket and by upgrade."""

import asyncio
import queue

import socketio

from checks import Topic, equal, until
from cut import Relay
from engine import FAST_OPTIONS, SLOW_OPTIONS

topic = Topic("python-socketio", {"1500/5000": FAST_OPTIONS, "25000/20000": SLOW_OPTIONS})
WAYS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}
VALUES = ["text", 1, 2.5, None, True, {"deep": [{"€": "𝄞"}]}, b"\0\1\xff", {"in": [b"a", {"b": b"b" * 70000}]}]


def asynchronous(**settings):
    """A client that keeps what it hears."""
    client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.2, randomization_factor=0,
        **settings)
    client.heard = []

    def hear(namespace, event, *arguments):
        client.heard.append((namespace, event, *arguments))

    for namespace in ("/", "/custom"):
        for event in ("auth", "message-back", "connect", "disconnect"):
            client.on(event, lambda *a, n=namespace, e=event: hear(n, e, *a), namespace=namespace)
    return client


def times(client, event, namespace="/"):
    return sum(told[:2] == (namespace, event) for told in client.heard)


async def hears(client, namespace, event, count=1):
    await until(lambda: times(client, event, namespace) >= count)
    return [told for told in client.heard if told[:2] == (namespace, event)][count - 1]


def is_settled(client):
    """Whether it has finished with coming back; cut before that, it stays away for good. It says so nowhere else."""
    return not client._reconnect_task


async def cut(client, relay, count):
    """Cuts until the client tells of its `count`-th end: what rests between two polls is opened again without a word."""
    await until(lambda: is_settled(client))

    def has_noticed():
        if times(client, "disconnect") >= count:
            return True
        relay.cut()
        return False

    await until(has_noticed)


for way, transports in WAYS.items():
    @topic.check(f"asynchronous, {way}: comes in, is told its auth, hears its messages and acks, bytes too")
    async def _(fixture, transports=transports):
        client = asynchronous()
        try:
            await client.connect(fixture.url, auth={"token": "123"}, transports=transports)
            equal(await hears(client, "/", "auth"), ("/", "auth", {"token": "123"}))
            equal(client.transport(), "polling" if transports == ["polling"] else "websocket")
            for count, value in enumerate(VALUES, 1):
                await client.emit("message", value)
                equal((await hears(client, "/", "message-back", count))[2:], (value,) if value is not None else ())
                if value is not None:
                    equal(await client.call("message-with-ack", value, timeout=10), value)
            equal(await client.call("message-with-ack", ("a", b"b", 3), timeout=10), ("a", b"b", 3))
        finally:
            await client.disconnect()

    @topic.check(f"asynchronous, {way}: a hundred messages come back in order")
    async def _(fixture, transports=transports):
        client = asynchronous()
        try:
            await client.connect(fixture.url, transports=transports)
            for number in range(100):
                await client.emit("message", (number, bytes([number])))
            await until(lambda: times(client, "message-back") == 100)
            equal([told[2:] for told in client.heard if told[1] == "message-back"],
                  [(number, bytes([number])) for number in range(100)])
        finally:
            await client.disconnect()

    @topic.check(f"asynchronous, {way}: two namespaces at once, and an unknown one is refused in the known words")
    async def _(fixture, transports=transports):
        client = asynchronous()
        try:
            await client.connect(fixture.url, namespaces=["/", "/custom"], transports=transports)
            for namespace in ("/", "/custom"):
                equal(await hears(client, namespace, "auth"), (namespace, "auth", {}))
        finally:
            await client.disconnect()
        refused, other = [], asynchronous(reconnection=False)
        other.on("connect_error", refused.append, namespace="/nope")
        try:
            await other.connect(fixture.url, namespaces=["/nope"], transports=transports)
        except socketio.exceptions.ConnectionError:
            equal(refused, [{"message": "Invalid namespace"}])
        else:
            raise AssertionError("an unknown namespace let the client in")
        finally:
            await other.disconnect()

    @topic.check(f"asynchronous, {way}: a cut connection is made again, and messages go on")
    async def _(fixture, transports=transports):
        async with Relay(fixture.port) as relay:
            client = asynchronous()
            try:
                await client.connect(f"http://127.0.0.1:{relay.port}", auth={"n": 1}, transports=transports)
                for count in range(1, 4):
                    await hears(client, "/", "auth", count)
                    await client.emit("message", count)
                    equal(await hears(client, "/", "message-back", count), ("/", "message-back", count))
                    await cut(client, relay, count)
                await hears(client, "/", "auth", 4)
            finally:
                await client.disconnect()

    @topic.check(f"asynchronous, {way}: stays through five pings", only={"1500/5000"})
    async def _(fixture, transports=transports):
        client = asynchronous(reconnection=False)
        try:
            await client.connect(fixture.url, transports=transports)
            await asyncio.sleep(8)
            equal(await client.call("message-with-ack", "still", timeout=10), "still")
            equal(times(client, "disconnect"), 0)
        finally:
            await client.disconnect()

    @topic.check(f"synchronous, {way}: comes in, hears its messages and acks, bytes too, and leaves")
    async def _(fixture, transports=transports):
        await asyncio.to_thread(synchronous, fixture, transports)


def synchronous(fixture, transports):
    heard, client = queue.Queue(), socketio.Client(reconnection=False)
    for event in ("auth", "message-back"):
        client.on(event, lambda *arguments, e=event: heard.put((e, *arguments)))
    try:
        client.connect(fixture.url, auth={"token": "123"}, transports=transports)
        equal(heard.get(timeout=10), ("auth", {"token": "123"}))
        equal(client.transport(), "polling" if transports == ["polling"] else "websocket")
        for value in VALUES:
            client.emit("message", value)
            equal(heard.get(timeout=10), ("message-back", value) if value is not None else ("message-back",))
            if value is not None:
                equal(client.call("message-with-ack", value, timeout=10), value)
    finally:
        client.disconnect()
    assert not client.connected


@topic.check("synchronous: a cut connection is made again")
async def _(fixture):
    async with Relay(fixture.port) as relay:
        heard = queue.Queue()
        client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.2, randomization_factor=0)
        for event in ("auth", "message-back", "disconnect"):
            client.on(event, lambda *_, e=event: heard.put(e))

        def hears(event):
            equal(heard.get(timeout=15), event)

        try:
            await asyncio.to_thread(client.connect, f"http://127.0.0.1:{relay.port}", transports=["websocket"])
            for _ in range(2):
                await asyncio.to_thread(hears, "auth")
                await asyncio.to_thread(client.emit, "message", "x")
                await asyncio.to_thread(hears, "message-back")
                await until(lambda: is_settled(client))
                relay.cut()
                await asyncio.to_thread(hears, "disconnect")
            await asyncio.to_thread(hears, "auth")
        finally:
            await asyncio.to_thread(client.disconnect)
