"""Clients that poll, on two nodes behind a balancer that is not sticky, while one node dies by kill -9."""

import asyncio
import collections
import time
import uuid

from checks import Topic, equal, until
from polling import Poller

# Clients that come in at once: a crowd at the door is another test.
AT_ONCE = 50
CLIENTS_PER_USER = 20
UNKNOWN = '{"code":1,"message":"Session ID unknown"}'
# Seconds of talk before the kill and after all are back; and all that it may take.
CALM, PATIENCE = 5, 120

topic = Topic("kill", {"": None}, at_once=1, seconds=600)


class Talk:
    """Messages all the time, by REST and through the sessions of members in turn; each stored once."""

    def __init__(self, cluster, room, crowd):
        self.cluster, self.room, self.crowd = cluster, room, crowd
        self.names, self.by_session, self.ending = [], 0, False
        self.task = asyncio.create_task(self.go())

    async def go(self):
        number = 0
        while not self.ending:
            number += 1
            name = uuid.uuid4().hex
            self.names.append(name)
            member = self.crowd[number % len(self.crowd)]
            if number % 2 and await member.say(f"{number}", name):
                self.by_session += 1
            else:
                # Perhaps it was stored and the answer lost: the same name of the same sender makes it one all the same.
                await self.cluster.rest.call("POST", f"/v1/conversations/{self.room}/messages",
                    {"text": f"{number}", "client_message_id": name}, member.token)
            # A message is a poll of every client, of which this process can do some thousands a second.
            await asyncio.sleep(len(self.crowd) / 8000)

    async def end(self):
        """Ends it between two messages, so that each is known to be stored."""
        self.ending = True
        await self.task


@topic.check("every client that polls lives through the kill of its node without an entry lost, doubled or turned")
async def _(cluster):
    users = await asyncio.gather(*(cluster.rest.user() for _ in range(max(2, cluster.clients // CLIENTS_PER_USER))))
    room, token = await cluster.rest.room(users), users[0][1]
    before = await cluster.files()
    crowd = [Poller(cluster, users[n % len(users)][1], room) for n in range(cluster.clients)]
    started = time.monotonic()
    tasks = await enter(crowd)
    print(f"     {len(crowd)} clients are in after {time.monotonic() - started:.1f} s", flush=True)
    talk = Talk(cluster, room, crowd)
    await asyncio.sleep(CALM)
    dead = cluster.socket[0]
    lost = [member for member in crowd if member.sid.startswith("socket-1.")]
    assert len(crowd) / 4 < len(lost) < len(crowd) * 3 / 4, f"{len(lost)} of {len(crowd)} clients on one node"
    ends = {member: member.ended.total() for member in crowd}
    asked = len(talk.names)
    cluster.kill(0)
    killed = time.monotonic()
    await until(lambda: all(member.ended.total() > ends[member] for member in lost), PATIENCE)
    await until(lambda: all(member.ready.is_set() for member in crowd), PATIENCE)
    back = time.monotonic() - killed
    await asyncio.sleep(CALM)
    await talk.end()
    head = await cluster.rest.head(room, token)
    await until(lambda: all(member.last >= head for member in crowd), PATIENCE)
    tell(crowd, lost, talk, asked, head, back)
    judge(crowd, lost, talk, head, ends)
    await leave(crowd, tasks)
    assert cluster.up().returncode == 0, "the killed node does not start again"
    before.pop(dead.pid)
    await cluster.is_left_clean(before)


async def enter(crowd):
    gate, tasks = asyncio.Semaphore(AT_ONCE), []

    async def one(member):
        async with gate:
            tasks.append(asyncio.create_task(member.live()))
            async with asyncio.timeout(60):
                await member.ready.wait()

    await asyncio.gather(*map(one, crowd))
    return tasks


async def leave(crowd, tasks):
    """Every other one says good-bye, the others' connections are cut."""
    pairs = zip(crowd, tasks)
    await asyncio.gather(*(member.leave(task, politely=n % 2 == 0) for n, (member, task) in enumerate(pairs)))


def tell(crowd, lost, talk, asked, head, back):
    ended = sum((member.ended for member in crowd), collections.Counter())
    print(f"     {len(crowd)} clients, {len(lost)} on the killed node, all back {back:.1f} s after the kill")
    print(f"     {len(talk.names)} messages, {asked} before the kill, {talk.by_session} by sessions; {head} entries")
    print(f"     sessions ended by: {dict(ended)}; {sum(m.repeated for m in crowd)} requests repeated", flush=True)


def judge(crowd, lost, talk, head, ends):
    wrong = [f"client {number}: {what}" for number, member in enumerate(crowd) for what in member.wrong]
    assert not wrong, f"{len(wrong)} wrong: {wrong[:5]}"
    equal({member.last for member in crowd}, {head})
    equal(len({member.chain for member in crowd}), 1)
    stored = [name for name in crowd[0].names if name]
    equal(sorted(stored), sorted(talk.names))
    untold = [member.ended for member in lost if not member.ended[UNKNOWN]]
    assert not untold, f"{len(untold)} clients of the dead node were not told so: {untold[:5]}"
    assert talk.by_session, "no message went through a session"
