"""The native door by Socket.IO, on two nodes behind a balancer that is not sticky: nothing lost, doubled or turned."""

import asyncio
import uuid

from checks import Topic, equal, until
from cut import Relay
from members import WAYS, Asynchronous, Native, Synchronous
from wire import ask

topic = Topic("two nodes", {"": None}, at_once=1, seconds=120)
CUTS, MESSAGES = 3, 20


async def counts_up(member, head):
    """Every entry once and in order, from the first to the head."""
    await until(lambda: member.last >= head, 30, lambda: f"{member.kind} has {member.last} of {head}")
    equal([seq for seq, _ in member.entries], list(range(1, head + 1)))


for make in (Asynchronous, Synchronous):
    for way in WAYS:
        @topic.check(f"{make.__name__.lower()}, {way}: comes back from {CUTS} cuts and has every entry once, in order")
        async def _(cluster, make=make, way=way):
            users = [await cluster.rest.user() for _ in range(2)]
            room = await cluster.rest.room(users)
            before = await cluster.files()
            async with Relay(cluster.port) as relay:
                member = make(relay, users[1][1], room, way)
                ended = asyncio.Event()
                talking = asyncio.create_task(talk(cluster, room, users[0][1], ended))
                try:
                    await member.enter()
                    # A cut between two polls is no end of the session: its client is not told of it, and goes on.
                    while member.entrances <= CUTS:
                        relay.cut()
                        head = await cluster.rest.head(room, users[0][1])
                        # python-socketio stays away for good when it is cut while it still comes back, and it may have
                        # what it missed before it has finished with that.
                        await until(lambda: member.last > head + 10 and member.is_settled, 30,
                            lambda: f"{member.last} of {head} and more")
                    reply = await member.call("message.send", {"conversation": room, "text": "here again"})
                    assert reply["d"]["seq"] > head, reply
                    ended.set()
                    await talking
                    await counts_up(member, await cluster.rest.head(room, users[0][1]))
                finally:
                    ended.set()
                    await member.leave()
            await cluster.is_left_clean(before)


async def talk(cluster, room, token, ended):
    number = 0
    while not ended.is_set():
        number += 1
        await cluster.rest.say(room, f"{number}", token)
        await asyncio.sleep(0.02)


@topic.check("a room of native, websocket, polling and upgraded members on both nodes is one list for all of them")
async def _(cluster):
    users = [await cluster.rest.user() for _ in range(4)]
    room = await cluster.rest.room(users)
    before = await cluster.files()
    members = [Native(cluster, users[n][1], room) for n in range(4)]
    members += [Synchronous(cluster, users[n][1], room, way) for n, way in enumerate(WAYS)]
    try:
        await asyncio.gather(*(member.enter() for member in members))
        for way in WAYS:
            await on_both_nodes(cluster, members, lambda n: Asynchronous(cluster, users[n % 4][1], room, way))
        await natives_on_both_nodes(cluster, members)
        await asyncio.gather(*(say(member, room) for member in members))
        head = await cluster.rest.head(room, users[0][1])
        assert head >= MESSAGES * len(members)
        for member in members:
            await counts_up(member, head)
            equal((member.kind, member.entries), (member.kind, members[0].entries))
            equal(member.entrances, 1)
    finally:
        await asyncio.gather(*(member.leave() for member in members), return_exceptions=True)
    await cluster.is_left_clean(before)


async def say(member, room):
    for count in range(MESSAGES):
        await member.call("message.send", {"conversation": room, "text": f"{member.kind} {count}",
            "client_message_id": uuid.uuid4().hex})


async def on_both_nodes(cluster, members, make):
    """Lets members in until some are on each node: the balancer takes the nodes in turn for each request."""
    nodes = set()
    for number in range(20):
        members.append(make(number))
        await members[-1].enter()
        nodes.add(members[-1].node)
        if len(nodes) == 2:
            return
        if number % 2:
            await ask(cluster, "GET", "/socket.io/")  # clients that ask an even number of times all begin at one node
    raise AssertionError(f"twenty clients are all on {nodes}")


async def natives_on_both_nodes(cluster, members):
    """A native session does not say where it is; what each node counts does."""
    for number, node in enumerate(cluster.socket, 1):
        others = sum(member.node == f"socket-{number}" for member in members if not isinstance(member, Native))
        native = (await node.measures())["martlet_socket_sessions"] - others
        assert native >= 1, f"{native} native members on socket-{number}"
