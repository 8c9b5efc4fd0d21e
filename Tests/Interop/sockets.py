"""Socket.IO 5: every rule of the official suite above Engine.IO, with fast pings and with slow ones."""

import asyncio
import json

from checks import Topic, equal
from dialect import Dialect
from engine import FAST_OPTIONS, SLOW_OPTIONS
from wire import Connection, until_gone

topic = Topic("Socket.IO 5", {"1500/5000": FAST_OPTIONS, "25000/20000": SLOW_OPTIONS})
wire = Dialect("/socket.io/", 4)


async def hear(socket):
    """The next packet that is no ping."""
    while (packet := await socket.hear()) == "2":
        socket.say("3")
    return packet


async def raw(fixture):
    return (await wire.opened(fixture))[0]


async def connected(fixture, packet="40"):
    """A client that is in; what it was told, and the auth that was said back."""
    socket = await raw(fixture)
    socket.say(packet)
    return socket, await hear(socket), await hear(socket)


for namespace in ("", "/custom,"):
    for payload in ("", '{"token":"123"}'):
        @topic.check(f"40{namespace}{payload} lets in, with sid alone, and says the payload back")
        async def _(fixture, namespace=namespace, payload=payload):
            _, answer, auth = await connected(fixture, f"40{namespace}{payload}")
            assert answer.startswith(f"40{namespace}{{"), answer
            told = json.loads(answer[2 + len(namespace):])
            assert list(told) == ["sid"] and isinstance(told["sid"], str), told
            equal(auth, f'42{namespace}["auth",{payload or "{}"}]')


@topic.check("the first event does not come in one segment with the answer to the connect")
async def _(fixture):
    # A client that asks for one packet at a time would miss it. This one may itself be late, so it tries often.
    firsts = []
    for _ in range(20):
        socket = await raw(fixture)
        socket.say("40")
        firsts.append(await socket.reader.read(65536))
    assert any(b"auth" not in first for first in firsts), firsts[0]


@topic.check("an unknown namespace is refused in the words that clients know")
async def _(fixture):
    for packet in ("40/random", "40/random,"):
        socket = await raw(fixture)
        socket.say(packet)
        equal(await hear(socket), '44/random,{"message":"Invalid namespace"}')


@topic.check("what is no connect closes a session that is not in")
async def _(fixture):
    for packet in ("4abc", '42["message"]', "40[]", '40"x"'):
        socket = await raw(fixture)
        socket.say(packet)
        await until_gone(socket)


@topic.check("a client that does not connect in time is closed", only={"1500/5000"})
async def _(fixture):
    socket = await raw(fixture)
    started = asyncio.get_running_loop().time()
    while (await socket.reader.read(1)):
        socket.say("3")
    assert asyncio.get_running_loop().time() - started < 15


@topic.check("a client that leaves its only namespace is closed by its own ping timeout at the latest",
    only={"1500/5000"})
async def _(fixture):
    socket, *_ = await connected(fixture)
    socket.say("41")
    await until_gone(socket)


@topic.check("a client may come into a second namespace and leave it, and the first goes on")
async def _(fixture):
    socket, *_ = await connected(fixture)
    socket.say("40/custom")
    assert (await hear(socket)).startswith("40/custom,")
    equal(await hear(socket), '42/custom,["auth",{}]')
    socket.say("41/custom")
    socket.say('42["message","message to main namespace"]')
    equal(await hear(socket), '42["message-back","message to main namespace"]')


@topic.check("an event comes back with its arguments as they were, and with an ack in the ack")
async def _(fixture):
    socket, *_ = await connected(fixture)
    for arguments in ('1,"2",{"3":[true]}', '"€𝄞\\n"', "null,1.5e3,[[]],{}"):
        socket.say(f'42["message",{arguments}]')
        equal(json.loads((await hear(socket))[2:]), ["message-back", *json.loads(f"[{arguments}]")])
    socket.say('42456["message-with-ack",1,"2",{"3":[false]}]')
    equal(await hear(socket), '43456[1,"2",{"3":[false]}]')


@topic.check("attachments come back with the event, and with the ack")
async def _(fixture):
    places = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'
    for say, answer in ((f'452-["message",{places}]', f'452-["message-back",{places}]'),
                        (f'452-789["message-with-ack",{places}]', f"462-789[{places}]")):
        socket, *_ = await connected(fixture)
        socket.say(say)
        socket.say(b"\1\2\3")
        socket.say(b"\4\5\6")
        equal([await hear(socket) for _ in range(3)], [answer, b"\1\2\3", b"\4\5\6"])


for why, packet in {"unknown packet type": "4abc", "a payload that is no list": "42{}",
                    "an ack id that is no number": '42abc["message-with-ack",1]', "a name that is no text": "42[{}]",
                    "text where an attachment is due": '451-["message",{"_placeholder":true,"num":0}]',
                    "no list": "42", "a list that is cut": '42["message"'}.items():
    @topic.check(f"{why} closes the connection")
    async def _(fixture, packet=packet):
        socket, *_ = await connected(fixture)
        socket.say(packet)
        if packet.startswith("451-"):
            socket.say('42["message"]')
        await until_gone(socket)


@topic.check("attachments come back by polling too")
async def _(fixture):
    target = await wire.session(fixture)
    polling = await Connection.open(fixture.port)

    async def call(method, body=None):
        polling.ask(method, target, body)
        return (await polling.reply()).text

    heard = []

    async def poll(count):
        while len(heard) < count:
            packets = [packet for packet in (await call("GET")).split("\x1e") if packet != "6"]
            if "2" in packets:
                await call("POST", b"3")
            heard.extend(packet for packet in packets if packet != "2")

    equal(await call("POST", b"40"), "ok")
    await poll(2)
    equal(await call("POST", '451-["message",{"_placeholder":true,"num":0}]\x1ebAQID'.encode()), "ok")
    await poll(4)
    equal(heard[1:], ['42["auth",{}]', '451-["message-back",{"_placeholder":true,"num":0}]', "bAQID"])
