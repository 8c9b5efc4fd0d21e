"""Engine.IO 4 and 3: every rule of the official suites, with fast pings and with slow ones."""

import asyncio
import json
import socket

from checks import Topic, equal, until
from dialect import Dialect
from wire import Connection, Reply, Socket, ask, until_gone

# Who is slow to answer on a busy machine is not to be taken for gone, but by the checks that are silent on purpose; nor
# does a ping come between two steps of a check that is not about pings.
FAST, SLOW = {"ping": 1500, "timeout": 5000}, {"ping": 25000, "timeout": 20000}
UPGRADE = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
FAST_OPTIONS = ["--ping-interval", "1500", "--ping-timeout", "5000"]
SLOW_OPTIONS = ["--ping-interval", "25000", "--ping-timeout", "20000"]


async def read(fixture, target):
    """A connection whose poll the fixture has read: what is asked after it by another one comes after it."""
    connection = await Connection.open(fixture.port)
    connection.ask("GET", target)
    await until(lambda: connection.is_read(fixture.port))
    return connection


def terms_are(fixture, terms, upgrades):
    times = SLOW if SLOW_OPTIONS[1] in fixture.options else FAST
    equal(set(terms), {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"})
    assert isinstance(terms["sid"], str)
    equal([terms[k] for k in ("upgrades", "pingInterval", "pingTimeout", "maxPayload")],
          [upgrades, times["ping"], times["timeout"], 1000000])


def engine_topic(name, path, version, options=()):
    """The checks of both suites that are about Engine.IO alone."""
    topic = Topic(name, {"1500/5000": [*options, *FAST_OPTIONS], "25000/20000": [*options, *SLOW_OPTIONS]})
    wire, quick = Dialect(path, version), {"1500/5000"}

    @topic.check("a handshake by polling tells the terms, with the upgrade")
    async def _(fixture):
        terms_are(fixture, await wire.open(fixture), ["websocket"])

    @topic.check("a handshake by WebSocket tells the terms, without an upgrade")
    async def _(fixture):
        terms_are(fixture, (await wire.opened(fixture))[1], [])

    @topic.check("the packet of the handshake does not come in one segment with the answer to the upgrade")
    async def _(fixture):
        # A client that asks for one packet at a time would miss it. This one may itself be late, so it tries often.
        def first_segment():
            with socket.create_connection(("127.0.0.1", fixture.port)) as plain:
                plain.sendall(f"GET {wire.target('websocket')} HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n\r\n".encode())
                return plain.recv(65536)

        segments = [await asyncio.to_thread(first_segment) for _ in range(20)]
        assert any(segment.endswith(b"\r\n\r\n") for segment in segments), segments[0]

    @topic.check("a wrong or missing EIO or transport, and a wrong method, are refused with 400")
    async def _(fixture):
        other = 7 - version if version == 4 else 5
        for query in ("transport=polling", "EIO=abc&transport=polling", f"EIO={other}&transport=polling",
                      f"EIO={version}", f"EIO={version}&transport=abc"):
            equal((await ask(fixture, "GET", f"{path}?{query}")).status, 400)
        for method in ("POST", "PUT"):
            equal((await ask(fixture, method, wire.target(), "")).status, 400)

    @topic.check("a WebSocket with a wrong or missing EIO or transport is refused")
    async def _(fixture):
        for query in ("transport=websocket", "EIO=abc&transport=websocket", f"EIO={version}",
                      f"EIO={version}&transport=abc", f"EIO={version}&transport=websocket&sid=nobody"):
            assert isinstance(await Socket.connect(fixture, f"{path}?{query}"), Reply), query

    @topic.check("an unknown session is refused in the words that clients know")
    async def _(fixture):
        reply = await ask(fixture, "GET", wire.target(sid="nobody"))
        equal((reply.status, reply.text), (400, '{"code":1,"message":"Session ID unknown"}'))

    @topic.check("a session by polling whose client is silent is over at interval and timeout", only=quick)
    async def _(fixture):
        polled, posted = await wire.session(fixture), await wire.session(fixture)
        # To ask whether they are over would be a sign of life.
        await asyncio.sleep((FAST["ping"] + FAST["timeout"]) / 1000 + 2)
        equal((await ask(fixture, "GET", polled)).status, 400)
        equal((await ask(fixture, "POST", posted, wire.pack("4late"))).status, 400)

    @topic.check("a session by WebSocket whose client is silent is closed", only=quick)
    async def _(fixture):
        await until_gone((await wire.opened(fixture))[0])

    @topic.check("a close by POST answers the pending poll with a noop, and the session is gone")
    async def _(fixture):
        target = await wire.session(fixture)
        poll = await read(fixture, target)
        equal((await ask(fixture, "POST", target, wire.pack("1"))).status, 200)
        equal((await poll.reply()).text, wire.pack("6"))
        poll.close()
        equal((await ask(fixture, "GET", target)).status, 400)

    @topic.check("a close by POST that overtakes its poll ends the session too")
    async def _(fixture):
        target = await wire.session(fixture)
        poll, post = await asyncio.gather(
            ask(fixture, "GET", target), ask(fixture, "POST", target, wire.pack("1")))
        equal((poll.status, poll.text, post.status), (200, wire.pack("6"), 200))
        equal((await ask(fixture, "GET", target)).status, 400)

    @topic.check("a close by WebSocket closes it")
    async def _(fixture):
        socket, _ = await wire.opened(fixture)
        socket.say("1")
        await until_gone(socket)

    @topic.check("an upgrade is probed, then a poll is answered with a noop, then the WebSocket takes over")
    async def _(fixture):
        target = await wire.session(fixture)
        socket = await wire.socket(fixture, sid=target.rpartition("=")[2])
        socket.say("2probe")
        equal(await socket.hear(), "3probe")
        for _ in range(2):
            equal((await ask(fixture, "GET", target)).text, wire.pack("6"))
        socket.say("5")
        if path == "/engine.io/":
            socket.say("4hello")
            equal(await socket.hear(), "4hello")

    @topic.check("after an upgrade that nobody waited for, polls are refused and the WebSocket goes on")
    async def _(fixture):
        target = await wire.session(fixture)
        socket = await wire.socket(fixture, sid=target.rpartition("=")[2])
        socket.say("2probe")
        socket.say("5")
        equal((await ask(fixture, "GET", target)).status, 400)
        if path == "/engine.io/":
            socket.say("4hello")
            equal([await socket.hear(), await socket.hear()], ["3probe", "4hello"])

    @topic.check("a second WebSocket for a session that has one is turned away, and the first goes on")
    async def _(fixture):
        target, socket = await wire.upgraded(fixture)
        second = await wire.socket(fixture, sid=target.rpartition("=")[2])
        if not isinstance(second, Reply):
            await until_gone(second)
        if path == "/engine.io/":
            socket.say("4hello")
            equal(await socket.hear(), "4hello")

    if version == 4:
        pings_of_the_server(topic, wire, quick)
    else:
        pings_of_the_client(topic, wire)
    if path == "/engine.io/":
        messages(topic, wire)
    return topic


def pings_of_the_server(topic, wire, quick):
    @topic.check("the server pings by polling, three times", only=quick)
    async def _(fixture):
        target = await wire.session(fixture)
        for _ in range(3):
            equal((await ask(fixture, "GET", target)).text, "2")
            equal((await ask(fixture, "POST", target, "3")).status, 200)

    @topic.check("the server pings by WebSocket, three times", only=quick)
    async def _(fixture):
        socket, _ = await wire.opened(fixture)
        for _ in range(3):
            equal(await socket.hear(), "2")
            socket.say("3")


def pings_of_the_client(topic, wire):
    @topic.check("the client's pings are answered by polling, three times")
    async def _(fixture):
        target = await wire.session(fixture)
        for _ in range(3):
            equal((await ask(fixture, "POST", target, wire.pack("2"))).status, 200)
            equal((await ask(fixture, "GET", target)).text, wire.pack("3"))

    @topic.check("the client's pings are answered by WebSocket, three times")
    async def _(fixture):
        socket, _ = await wire.opened(fixture)
        for _ in range(3):
            socket.say("2")
            equal(await socket.hear(), "3")


def messages(topic, wire):
    for what, packets in {"one text": ["4hello"], "three texts": ["4test1", "4test2", "4test3"],
                          "letters beyond ASCII": ["4€ and 𝄞"], "text and bytes": ["4hello", "bAQIDBA=="]}.items():
        @topic.check(f"a payload with {what} comes back by polling")
        async def _(fixture, packets=packets):
            target = await wire.session(fixture)
            reply = await ask(fixture, "POST", target, wire.pack(*packets))
            equal((reply.status, reply.text), (200, "ok"))
            equal((await ask(fixture, "GET", target)).text, wire.pack(*packets))

    if wire.version == 3:
        @topic.check("a client that reads bytes by polling gets text and bytes in a payload of bytes")
        async def _(fixture):
            reply = await ask(fixture, "GET", wire.target())
            target = wire.target(sid=json.loads(reply.body[reply.body.index(b"{"):])["sid"])
            equal((await ask(fixture, "POST", target, wire.pack("4hello", "bAQIDBA=="))).text, "ok")
            answer = b"\0\6\xff4hello\1\5\xff\4\1\2\3\4"
            equal((await ask(fixture, "GET", target)).body, answer)

    @topic.check("a POST that holds no packet is refused, and the session is over")
    async def _(fixture):
        target = await wire.session(fixture)
        equal((await ask(fixture, "POST", target, "abc")).status, 400)
        equal((await ask(fixture, "GET", target)).status, 400)

    @topic.check("of two polls at once the first is told to close, the second is refused, and the session is over")
    async def _(fixture):
        target = await wire.session(fixture)
        first = await read(fixture, target)
        equal((await ask(fixture, "GET", target + "&t=burst")).status, 400)
        reply = await first.reply()
        first.close()
        equal((reply.status, reply.text), (200, wire.pack("1")))
        equal((await ask(fixture, "GET", target)).status, 400)

    @topic.check("a poll that comes again with its t has lost its answer, and the session is over; another t is none")
    async def _(fixture):
        target = await wire.session(fixture)
        for t in ("a", "b"):
            equal((await ask(fixture, "POST", target, wire.pack("4hello"))).status, 200)
            equal((await ask(fixture, "GET", f"{target}&t={t}")).text, wire.pack("4hello"))
        reply = await ask(fixture, "GET", f"{target}&t=b")
        equal((reply.status, reply.text), (400, '{"code":1,"message":"Session ID unknown"}'))

    @topic.check("a body that comes again with its t is answered again, and taken once")
    async def _(fixture):
        target = await wire.session(fixture)
        for t in ("a", "a", "b"):
            reply = await ask(fixture, "POST", f"{target}&t={t}", wire.pack("4hello"))
            equal((reply.status, reply.text), (200, "ok"))
        poll = await ask(fixture, "GET", target)
        equal(poll.text.count("4hello"), 2)

    @topic.check("a client may mark its requests with whole seconds, several of them alike")
    async def _(fixture):
        target = await wire.session(fixture)
        for text in ("4one", "4two"):
            equal((await ask(fixture, "POST", f"{target}&t=1763733791", wire.pack(text))).status, 200)
            equal((await ask(fixture, "GET", f"{target}&t=1763733791")).text, wire.pack(text))

    @topic.check("a poll whose client goes away ends the session")
    async def _(fixture):
        target = await wire.session(fixture)
        (await read(fixture, target)).cut()

        async def is_over():
            return (await ask(fixture, "POST", target, wire.pack("4hello"))).status == 400

        await until(is_over)

    @topic.check("text and bytes come back by WebSocket")
    async def _(fixture):
        socket, _ = await wire.opened(fixture)
        socket.say("4hello")
        equal(await socket.hear(), "4hello")
        # Revision 3 has the type before the bytes of a message, 4 has none.
        for data in (b"\1\2\3\4", b"\4\1\2\3"):
            if wire.version == 3 and data[0] != 4:
                continue
            socket.say(data)
            equal(await socket.hear(), data)

    @topic.check("a text by WebSocket that is no packet closes it")
    async def _(fixture):
        socket, _ = await wire.opened(fixture)
        socket.say("abc")
        await until_gone(socket)

    @topic.check("more than maxPayload is refused with 413 by polling and closed with 1009 by WebSocket")
    async def _(fixture):
        target = await wire.session(fixture)
        try:
            equal((await ask(fixture, "POST", target, b"4" * 1000001)).status, 413)
        except ConnectionError:
            pass  # refused at its head, before it was written
        socket, _ = await wire.opened(fixture)
        socket.say("4" * 1000001)
        equal((await until_gone(socket))[1], 1009)

    @topic.check("an answer holds at most 16 packets, and the next has the others")
    async def _(fixture):
        target = await wire.session(fixture)
        packets = [f"4m{number}" for number in range(20)]
        equal((await ask(fixture, "POST", target, wire.pack(*packets))).status, 200)
        equal((await ask(fixture, "GET", target)).text, wire.pack(*packets[:16]))
        equal((await ask(fixture, "GET", target)).text, wire.pack(*packets[16:]))

    @topic.check("a page of another origin may ask, and is told so, whatever the answer is")
    async def _(fixture):
        target = await wire.session(fixture)
        for method, where in (("GET", wire.target()), ("GET", wire.target(sid="nobody")), ("OPTIONS", target)):
            asks = ["Origin: http://other.example", "Access-Control-Request-Method: POST"]
            reply = await ask(fixture, method, where, headers=asks)
            assert reply.headers.get("access-control-allow-origin") in ("*", "http://other.example"), reply


four = engine_topic("Engine.IO 4", "/engine.io/", 4)
three = engine_topic("Engine.IO 3", "/engine.io/", 3, ["--eio3"])
# Nobody comes into a namespace here, and is not to be sent away for that.
beneath = engine_topic("Engine.IO under Socket.IO", "/socket.io/", 4, ["--connect-timeout", "30000"])
