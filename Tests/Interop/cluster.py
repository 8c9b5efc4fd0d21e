"""Socket.IO clients against two nodes behind a balancer without stickiness: cluster.py CLUSTER.JSON [options].

Every client resumes with what it has when it comes back; each must hear every entry once and in order.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
import uuid

import aiohttp
import socketio

from checks import equal, until

PASSWORD = "correct horse battery staple"
# Clients that come in at once: a login is a few requests, and a crowd at the door is another test.
AT_ONCE = 50
CLIENTS_PER_USER = 20


class Member:
    """A client of the native door that notes what it hears."""

    def __init__(self, url, token, conversation, transports):
        self.url, self.token, self.conversation, self.transports = url, token, conversation, transports
        self.last, self.wrong, self.ready, self.entrances = 0, [], asyncio.Event(), 0
        self.client = socketio.AsyncClient(reconnection_delay=0.5, reconnection_delay_max=3)
        self.client.on("*", self.heard)
        self.client.on("connect", self.entered)
        self.client.on("disconnect", lambda *_: self.ready.clear())

    async def enter(self):
        for attempt in range(20):
            try:
                await self.client.connect(self.url, auth={"token": self.token}, transports=self.transports,
                    wait_timeout=30)
                return await asyncio.wait_for(self.ready.wait(), 60)
            except (socketio.exceptions.ConnectionError, asyncio.TimeoutError):
                await self.client.disconnect()
                await asyncio.sleep(0.5)
        raise AssertionError("a client cannot come in")

    async def entered(self):
        self.entrances += 1
        try:
            reply = await self.client.call("resume", {"heads": {str(self.conversation): self.last}}, timeout=30)
        except (socketio.exceptions.SocketIOError, asyncio.CancelledError):
            return  # cut again; the next entrance resumes
        if not reply.get("ok"):
            self.wrong.append(f"resume: {reply}")
        self.ready.set()

    def heard(self, event, frame):
        if frame.get("conv") != self.conversation or "seq" not in frame:
            return
        if frame["seq"] != self.last + 1:
            self.wrong.append(f"{frame['seq']} after {self.last}, entrance {self.entrances}, ready {self.ready.is_set()}")
        self.last = frame["seq"]


class REST:
    def __init__(self, url, session):
        self.url, self.session = url, session

    async def call(self, method, path, body=None, token=None, attempts=60):
        """Asked again while the answer is that of a server that is away."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for _ in range(attempts):
            try:
                async with self.session.request(method, self.url + path, json=body, headers=headers) as reply:
                    text = await reply.text()
                    if reply.status < 300:
                        return json.loads(text) if text else None
                    if reply.status not in (429, 502, 503, 504):
                        raise AssertionError(f"{method} {path}: {reply.status} {text}")
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.5)
        raise AssertionError(f"{method} {path} is never answered")

    async def user(self):
        name = f"u{uuid.uuid4().hex[:16]}"
        user = await self.call("POST", "/v1/users", {"username": name, "password": PASSWORD})
        told = await self.call("POST", "/v1/sessions", {"username": name, "password": PASSWORD})
        return user["id"], told["access_token"]


def kinds(what):
    return {"polling": [["polling"]], "websocket": [["websocket"]], "mixed": [["polling"], ["websocket"], None]}[what]


async def run(options):
    url, started = options.url, time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        rest = REST(url, session)
        users = [await rest.user() for _ in range(max(2, options.clients // CLIENTS_PER_USER))]
        (_, owner), members = users[0], [user for user, _ in users[1:]]
        conversation = (await rest.call(
            "POST", "/v1/conversations", {"kind": "group", "title": "all", "members": members}, owner))["id"]
        crowd = [Member(url, users[n % len(users)][1], conversation,
            kinds(options.transports)[n % len(kinds(options.transports))])
                 for n in range(options.clients)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def enter(member):
            async with gate:
                await member.enter()

        await asyncio.gather(*map(enter, crowd))
        print(f"{len(crowd)} clients are in after {time.monotonic() - started:.0f} s", flush=True)
        await send(options, rest, owner, conversation, crowd)
        head = (await rest.call("GET", f"/v1/conversations/{conversation}", token=owner))["head"]
        await until(lambda: all(member.last >= head for member in crowd), options.patience)
        return await judge(crowd, head, options)


async def send(options, rest, owner, conversation, crowd):
    """Sends all messages, some through the socket of a member; kills a node in the middle of it."""
    for number in range(options.messages):
        if options.kill and number == options.messages // 2:
            os.kill(options.kill, signal.SIGKILL)
            print(f"killed node {options.kill} after {number} messages", flush=True)
        name = uuid.uuid4().hex
        member = crowd[0]
        if number % 2 and member.ready.is_set():
            ask = {"conversation": conversation, "text": f"{number}", "client_message_id": name}
            try:
                reply = await member.client.call("message.send", ask, timeout=10)
                if reply.get("ok"):
                    continue
            except socketio.exceptions.SocketIOError:
                pass  # whether it arrived is not known; the same name makes it once
        await rest.call("POST", f"/v1/conversations/{conversation}/messages",
                        {"text": f"{number}", "client_message_id": name}, owner)
        await asyncio.sleep(options.pause)


async def judge(crowd, head, options):
    wrong = [f"client {number}: {what}" for number, member in enumerate(crowd) for what in member.wrong]
    again = sum(member.entrances > 1 for member in crowd)
    await asyncio.gather(*(member.client.disconnect() for member in crowd), return_exceptions=True)
    for line in wrong[:20]:
        print(f"FAIL {line}")
    equal({member.last for member in crowd}, {head})
    if options.kill:
        assert again, "the kill cut nobody: it tests nothing"
    print(f"{len(crowd)} clients heard {head} entries each, {again} came back, {len(wrong)} wrong")
    return 1 if wrong else 0


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("cluster", help="the cluster.json of deploy/local/up")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--messages", type=int, default=40)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between two messages")
    parser.add_argument("--transports", choices=["polling", "websocket", "mixed"], default="polling")
    parser.add_argument("--no-kill", action="store_true", help="let all nodes live")
    parser.add_argument("--patience", type=float, default=60, help="seconds for the last entry to reach all")
    options = parser.parse_args()
    with open(options.cluster) as file:
        told = json.load(file)
    options.url = told["main"]
    options.kill = None if options.no_kill else told["socket"][0]["pid"]
    return options


sys.exit(asyncio.run(run(arguments())))
