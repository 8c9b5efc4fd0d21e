"""The shipped load balancers before a cluster's nodes, on ports of their own: all that a client does, by each."""

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import ssl

import aiohttp
import socketio

from balancers import HAPROXY, NGINX, PROGRAMS, Balancer
from checks import Topic, equal, until
from members import WAYS, Asynchronous, Native
from rest import REST
from wire import Connection, Gone, Socket, ask, until_gone

# Each is the balancer's name, and whether it sends a Socket.IO session to its node or leaves that to the nodes.
KINDS = [(HAPROXY, False), (HAPROXY, True), (NGINX, False), (NGINX, True)]
topic = Topic("load balancers", {"": None}, at_once=1, seconds=120)

# What a line of /proc/net/tcp says of a socket whose connection stands, and of one that has only its keepalive to wait for.
ESTABLISHED, KEEPALIVE = "01", "02"


def toward(ports, pids):
    """The timers of the sockets that these processes have to those ports."""
    own = set()
    for pid in pids:
        for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                own.add(os.readlink(descriptor))
    timers = []
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, _, peer, state, _, timer, _, _, _, inode, *_ = line.split()
        if int(peer.split(":")[1], 16) in ports and state == ESTABLISHED and f"socket:[{inode}]" in own:
            timers.append(timer.split(":")[0])
    return timers


for number, (program, sticky) in enumerate(KINDS):
    if not PROGRAMS[program]:
        print(f"interop: SKIPPED: {program}, which is not installed")
        continue
    name = f"{program}{', sticky' if sticky else ''}"

    @topic.check(f"{name}: REST, the native socket and Socket.IO in every way are one room, and nothing is lost")
    async def _(cluster, program=program, sticky=sticky):
        async with Balancer(program, sticky, cluster) as edge:
            rest = REST(edge)
            users = [await rest.user() for _ in range(2)]
            room = await rest.room(users)
            passed_on = await forwarded(cluster)
            members = [Native(edge, users[0][1], room)]
            members += [Asynchronous(edge, users[1][1], room, way) for way in WAYS for _ in range(2)]
            try:
                await asyncio.gather(*(member.enter() for member in members))
                for text in range(20):
                    await rest.say(room, f"{text}", users[0][1])
                head = await rest.head(room, users[0][1])
                for member in members:
                    await until(lambda: member.last >= head, 20, lambda: f"{member.kind}: {member.last} of {head}")
                    equal([seq for seq, _ in member.entries], list(range(1, head + 1)))
            finally:
                await asyncio.gather(*(member.leave() for member in members), return_exceptions=True)
            passed_on = await forwarded(cluster) - passed_on
            assert program == NGINX or (passed_on == 0) == sticky, f"{passed_on} requests were passed on"

    # How long it waits HAProxy says itself; nginx takes it from net.ipv4.tcp_keepalive_time, which is the machine's.
    @topic.check(f"{name}: the kernel looks after sockets that only listen, so that a vanished node's are let go")
    async def _(cluster, program=program, sticky=sticky):
        async with Balancer(program, sticky, cluster) as edge:
            socket = await Socket.connect(edge, "/v1/socket", NATIVE)
            ours = []

            def all_kept():
                # What asks how a node is may have bytes on their way just now.
                ours[:] = toward({port for _, port in edge.servers("socket")}, edge.pids)
                return ours and all(timer == KEEPALIVE for timer in ours)

            await until(all_kept, why=lambda: f"{ours}")
            socket.close()

    @topic.check(f"{name}: who comes while a node drains is served, and the node's clients are told to come back")
    async def _(cluster, program=program, sticky=sticky):
        async with Balancer(program, sticky, cluster) as edge:
            rest = REST(edge)
            user = await rest.user()
            sockets = [await Socket.connect(edge, "/v1/socket", NATIVE) for _ in range(6)]
            for socket in sockets:
                socket.say(json.dumps({"id": "1", "op": "auth", "d": {"token": user[1]}}))
            os.kill(cluster.socket[0].pid, signal.SIGTERM)
            try:
                refused = []
                while pathlib.Path(f"/proc/{cluster.socket[0].pid}").exists():
                    reply = await ask(edge, "GET", "/openapi.json")
                    late = await Socket.connect(edge, "/v1/socket", NATIVE)
                    if reply.status != 200 or not isinstance(late, Socket):
                        refused.append((reply.status, late))
                    else:
                        late.close()
                    await asyncio.sleep(0.05)
                equal(refused, [])
                ends = await told_to_go(sockets)
                assert any(ends) and not all(ends), f"the node had some of six clients, and they are told: {ends}"
            finally:
                for socket in sockets:
                    socket.close()
                await asyncio.to_thread(revive, cluster)

    @topic.check(f"{name}: an address that a client forges is not believed, in any spelling")
    async def _(cluster, program=program, sticky=sticky, number=number):
        async with Balancer(program, sticky, cluster) as edge:
            own = f"127.0.7.{number + 1}"
            statuses = [await wrong_sign_in(edge, own, attempt) for attempt in range(cluster.sign_ins + 5)]
            equal(statuses[:cluster.sign_ins], [401] * cluster.sign_ins)
            equal(statuses[cluster.sign_ins:], [429] * 5)
            equal(await wrong_sign_in(edge, f"127.0.8.{number + 1}", 0), 401)

    @topic.check(f"{name}: TLS for REST, the native socket and Socket.IO; without it one is sent there")
    async def _(cluster, program=program, sticky=sticky):
        async with Balancer(program, sticky, cluster) as edge:
            token = (await REST(edge).user())[1]
            trust = ssl.create_default_context(cafile=edge.certificate)
            url = f"https://localhost:{edge.tls_port}"
            connector = aiohttp.TCPConnector(ssl=trust)
            async with aiohttp.ClientSession(connector=connector) as session:
                async with session.get(f"{url}/openapi.json") as reply:
                    equal(reply.status, 200)
                async with session.ws_connect(f"{url}/v1/socket", protocols=["martlet.v1.json"]) as socket:
                    equal((await socket.receive_json())["t"], "hello")
                for transports in WAYS.values():
                    client = socketio.AsyncClient(http_session=session, handle_sigint=False)
                    await client.connect(url, auth={"token": token}, transports=transports)
                    equal((await client.call("resume", {}, timeout=10))["ok"], True)
                    await client.disconnect()
            if program == HAPROXY:
                reply = await ask(edge.with_tls_only, "POST", "/v1/users", b"{}")
                equal((reply.status, reply.headers["location"]), (308, "https://localhost/v1/users"))

    @topic.check(f"{name}: metrics are not told to clients, a node's death is a problem that says when to come back")
    async def _(cluster, program=program, sticky=sticky):
        async with Balancer(program, sticky, cluster) as edge:
            equal((await ask(edge, "GET", "/metrics")).status, 404)
            os.kill(cluster.api[0].pid, signal.SIGSTOP)
            os.kill(cluster.api[0].pid, signal.SIGKILL)
            try:
                replies = []

                async def is_known():
                    # HAProxy 2.6 closes without a word when the last try of a GET is refused; the node is known then.
                    with contextlib.suppress(Gone):
                        replies.append(await ask(edge, "GET", "/openapi.json"))
                    return replies and replies[-1].status == 503

                await until(is_known)
                equal(replies[-1].headers["content-type"], "application/problem+json")
                equal(replies[-1].headers["retry-after"], "1")
                equal(json.loads(replies[-1].body)["code"], "unavailable")
            finally:
                await asyncio.to_thread(revive, cluster)


NATIVE = ["Sec-WebSocket-Protocol: martlet.v1.json"]


def revive(cluster):
    said = cluster.up()
    assert said.returncode == 0, said.stdout + said.stderr


async def forwarded(cluster):
    return sum([(await node.measures()).get("martlet_forwarded_total", 0) for node in cluster.socket])


async def told_to_go(sockets):
    """Which of them their node has ended, by the code that says to come back: the first, and those that end with it."""
    tasks = [asyncio.create_task(until_gone(socket)) for socket in sockets]
    try:
        await asyncio.wait(tasks, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(tasks, timeout=0.2)
        for task in tasks:
            if task.done():
                equal(task.result()[1], 4000)
        return [task.done() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()


async def wrong_sign_in(edge, source, number):
    """The status of a sign-in that fails, from that address of loopback, which says that it comes from elsewhere."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port, local_addr=(source, 0))
    connection = Connection(reader, writer)
    try:
        forged = f"198.51.100.{number}"
        connection.ask("POST", "/v1/sessions", json.dumps({"username": f"nobody{number}", "password": "no such one"})
            .encode(), ["Content-Type: application/json", f"X-Forwarded-For: {forged}", f"x-forwarded-for: {forged}",
                f"Forwarded: for={forged}", f"X-Real-IP: {forged}"])
        return (await connection.reply()).status
    finally:
        connection.close()
