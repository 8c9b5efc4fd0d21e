"""REST as the people of a test use it, through the balancer."""

import asyncio
import json
import uuid

from wire import Gone, ask

PASSWORD = "correct horse battery staple"
# What a balancer says for a node that is away, and what a node says that is busy: asked again.
AWAY = (429, 502, 503, 504)


class REST:
    def __init__(self, place):
        self.place = place

    async def call(self, method, path, body=None, token=None, seconds=30):
        """Asked again while nobody is there to answer; a send is named, so it is stored once all the same."""
        headers = ["Content-Type: application/json"] if body is not None else []
        headers += [f"Authorization: Bearer {token}"] if token else []
        data = json.dumps(body) if body is not None else None
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            try:
                async with asyncio.timeout(10):
                    reply = await ask(self.place, method, path, data, headers)
                if reply.status < 300:
                    return json.loads(reply.body) if reply.body else None
                assert reply.status in AWAY, f"{method} {path}: {reply.status} {reply.text}"
            except (Gone, OSError, asyncio.TimeoutError) as error:
                reply = error
            assert asyncio.get_running_loop().time() < deadline, f"{method} {path} is never answered: {reply}"
            await asyncio.sleep(0.2)

    async def user(self):
        """A new person: the id and a token."""
        name = f"u{uuid.uuid4().hex[:16]}"
        user = await self.call("POST", "/v1/users", {"username": name, "password": PASSWORD})
        told = await self.call("POST", "/v1/sessions", {"username": name, "password": PASSWORD})
        return user["id"], told["access_token"]

    async def room(self, users):
        """A group of these people, the first one's; its id."""
        (_, owner), *others = users
        room = {"kind": "group", "title": "all", "members": [user for user, _ in others]}
        return (await self.call("POST", "/v1/conversations", room, owner))["id"]

    async def say(self, room, text, token):
        """Stores a message once, however often it has to be asked for; its name."""
        name = uuid.uuid4().hex
        message = {"text": text, "client_message_id": name}
        await self.call("POST", f"/v1/conversations/{room}/messages", message, token)
        return name

    async def head(self, room, token):
        return (await self.call("GET", f"/v1/conversations/{room}", token=token))["head"]
