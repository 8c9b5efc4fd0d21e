"""Requests as bytes, and what may become of them: refused, accepted, waited for."""

import asyncio

from checks import Topic, equal
from wire import Connection, Gone

topic = Topic("HTTP/1.1", {"/http/": []}, at_once=16)
H = "Host: localhost\r\n"
GET = f"GET /http/ HTTP/1.1\r\n{H}"
POST = f"POST /http/ HTTP/1.1\r\n{H}"
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n\r\n"
MARK = "GET /http/headers HTTP/1.1\r\nHost: smuggled\r\n\r\n"


async def answers(fixture, request, count=1, until_closed=False):
    """What is answered to these bytes, and whether the connection ended: until it ends or, once so many answers are
    there, half a second is quiet."""
    connection = await Connection.open(fixture.port)
    connection.write(request.encode("latin-1") if isinstance(request, str) else request)
    heard, method = [], str(request[:5])
    try:
        while True:
            reply = connection.reply(has_body="HEAD" not in method)
            is_owed = until_closed or sum(reply.status != 100 for reply in heard) < count
            heard.append(await asyncio.wait_for(reply, 10 if is_owed else 0.5))
    except Gone:
        return heard, True
    except asyncio.TimeoutError:
        return heard, False
    finally:
        connection.cut()


def refused(request, why, *statuses):
    """Must not be accepted: one refusal and the end of the connection, so that nothing behind it is read."""
    @topic.check(f"refused: {why}")
    async def _(fixture):
        # A second request behind it shows whether a refused request's rest is taken for another one.
        whole = request if isinstance(request, bytes) else request + MARK
        heard, ended = await answers(fixture, whole, until_closed=True)
        assert ended, "the connection goes on"
        assert len(heard) <= 1, f"the rest was taken for a request: {heard}"
        assert all(reply.status in (statuses or (400,)) for reply in heard), heard[0]
        assert all(b"smuggled" not in reply.body for reply in heard)
        # Its own refusal is worth a line; only what is cut while it is still being sent may go without.
        assert heard or len(request) > 60000, "ended without an answer"


def accepted(request, why, *bodies, status=200):
    """Must be accepted; each body is that of an answer, in order."""
    @topic.check(f"accepted: {why}")
    async def _(fixture):
        heard, _ = await answers(fixture, request, len(bodies))
        heard = [reply for reply in heard if reply.status != 100]
        equal([reply.status for reply in heard], [status] * len(bodies))
        for reply, body in zip(heard, bodies):
            if body is not None:
                equal(reply.text, body)


def waited_for(request, why):
    """Is not complete: neither answered nor closed for half a second."""
    @topic.check(f"waited for: {why}")
    async def _(fixture):
        equal(await answers(fixture, request, 0), ([], False))
