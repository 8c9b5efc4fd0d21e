"""The samples of the README as they stand: pasted into a shell, said by hand, run by Node and by Python."""

import asyncio
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile

from checks import Topic, Untried, equal, until
from members import Native
from wire import Socket

topic = Topic("the README", {"": None}, at_once=1)
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "README.md").read_text()
# PyPI has socket.io-client only within others' packages. This one ships it as it was published (4.8.1), for browsers;
# it is all that is taken of it.
CARRIER, LIBRARY = "nicegui==3.18.0", "nicegui/static/socket.io.min.js"


def blocks(language):
    """The samples in that language, in order."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no sample in {language}"
    return found


def put(text, old, new):
    """The one thing in a sample that is another one here."""
    equal(text.count(old), 1)
    return text.replace(old, new)


def pattern(shown):
    """What a line looks like that is shown with ids of another time, and `…` for what is left out."""
    return "".join(".*" if part == "…" else r"\d+" if part.isdigit() else re.escape(part)
                   for part in re.split(r"(…|\d{2,})", shown))


@contextlib.asynccontextmanager
async def running(cluster, command, **names):
    """Runs a command in a process group of its own; what it prints, a line at a time as it comes."""
    # Whatever proxy the environment names, loopback is asked directly.
    names = {**os.environ, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1", "url": cluster.url, **names}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=names, start_new_session=True,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    lines = []

    async def read():
        async for line in process.stdout:
            lines.append(line.decode().rstrip("\n"))

    reading = asyncio.create_task(read())
    try:
        yield lines
    finally:
        # The listener in the background is in the group too, which is gone when nobody is left.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await reading


async def prints(lines, wanted):
    """Waits for a line of that look."""
    await until(lambda: any(re.fullmatch(wanted, line) for line in lines), 20, lambda: f"no {wanted} in {lines}")


@topic.check("what is pasted into one shell prints what is said there")
async def _(cluster):
    script = put("".join(blocks("bash")), "url=http://127.0.0.1:8000\n", f"url={cluster.url}\n")
    script = put(script, ".build/release/martlet", str(pathlib.Path(cluster.binary).resolve()))
    shown = re.findall(r"^# (\{.*\})$", script, re.MULTILINE)
    heard = re.findall(r"listener prints `(.*?)`", TEXT)
    assert len(shown) >= 2 and len(heard) == 1, (shown, heard)
    async with running(cluster, ["bash", "-c", script]) as lines:
        for line in shown + heard:
            await prints(lines, pattern(line))
        await prints(lines, r'\{"t":"message\.created".*"text":"Hello, Bob\.".*')


async def pair(cluster):
    """A user's token, another one who listens, and their conversation."""
    (_, ada), (bob, token) = [await cluster.rest.user() for _ in range(2)]
    room = (await cluster.rest.call("POST", "/v1/conversations", {"kind": "direct", "user": bob}, ada))["id"]
    other = Native(cluster, token, room)
    await other.enter()
    return ada, other


@topic.check("what a client says by hand is answered, each by one reply")
async def _(cluster):
    said = re.findall(r'^    (\{"id":.*\})$', TEXT, re.MULTILINE)
    equal([json.loads(line)["op"] for line in said], ["auth", "resume", "message.send"])
    token, other = await pair(cluster)
    try:
        socket = await Socket.connect(cluster, "/v1/socket", ["Sec-WebSocket-Protocol: martlet.v1.json"])
        equal(json.loads(await socket.hear())["t"], "hello")
        for line in said:
            socket.say(line.replace("eyJ…", token).replace("13068", str(other.room)))
            while (reply := json.loads(await socket.hear())).get("re") != json.loads(line)["id"]:
                assert "re" not in reply, reply
            assert reply.get("ok"), reply
        socket.close()
        await until(lambda: other.last == 2)
    finally:
        await other.leave()


async def converse(cluster, command, ack, event):
    """Runs a sample: it sends once and is told so, and prints what it hears of the other one."""
    token, other = await pair(cluster)
    try:
        async with running(cluster, command, token=token, conversation=str(other.room)) as lines:
            await until(lambda: ack("\n".join(lines)), 20, lambda: f"no ack in {lines}")
            await until(lambda: other.last == 2)
            await other.call("message.send", {"conversation": other.room, "text": "And here."})
            await until(lambda: event("\n".join(lines)), 20, lambda: f"no event in {lines}")
    finally:
        await other.leave()


@topic.check("the client in Python sends, is answered, and prints what it hears")
async def _(cluster):
    (sample,) = blocks("python")
    # The library's threads print at once: what one print says may stand apart, but not a value of it.
    await converse(cluster, [sys.executable, "-c", sample],
        lambda said: re.search(r"\{'ok': True, 'd': \{'id': \d+, 'conversation': \d+, 'seq': 2, ", said),
        lambda said: re.search(r"\{'t': 'message\.created', 'conv': \d+, 'seq': 3, .*'text': 'And here\.', ", said))


def library(directory):
    """Makes a directory in which Node finds socket.io-client, the browsers' build, by WebSocket alone."""
    kept = ROOT / ".build/interop" / pathlib.Path(LIBRARY).name
    if not kept.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--retries", "1", "--timeout", "20", "--dest", directory, CARRIER], check=True, capture_output=True)
        (wheel,) = pathlib.Path(directory).glob("*.whl")
        kept.write_bytes(zipfile.ZipFile(wheel).read(LIBRARY))
    module = pathlib.Path(directory) / "node_modules/socket.io-client"
    module.mkdir(parents=True)
    shutil.copy(kept, module / "browser.cjs")
    (module / "package.json").write_text('{"name": "socket.io-client", "exports": "./index.mjs"}')
    (module / "index.mjs").write_text('import library from "./browser.cjs";\n'
        'export const io = (url, options) => library.io(url, { transports: ["websocket"], ...options });\n')


def node():
    """How Node is called, with a WebSocket of its own (20.10 and later); None if it is not there."""
    tried = ["node", "--experimental-websocket"]
    try:
        subprocess.run([*tried, "-e", "new WebSocket('ws://127.0.0.1:9').onerror = () => {}"], check=True,
            capture_output=True, timeout=10)
        return tried
    except (OSError, subprocess.SubprocessError):
        return None


@topic.check("the client in JavaScript sends, is answered, and prints what it hears")
async def _(cluster):
    (sample,) = blocks("js")
    program = node()
    if not program:
        raise Untried("there is no node, or none that has WebSocket (20.10 and later).")
    with tempfile.TemporaryDirectory() as directory:
        try:
            library(directory)
        except (OSError, subprocess.SubprocessError) as error:
            raise Untried(f"pip cannot get {CARRIER}, which has socket.io-client.") from error
        file = pathlib.Path(directory) / "chat.mjs"
        file.write_text(sample)
        await converse(cluster, [*program, file],
            lambda said: re.search(r"\{\s+ok: true,\s+d: \{[^}]*seq: 2,", said),
            lambda said: re.search(r"^message\.created \{$.*^  seq: 3,$.*^    text: 'And here\.',$", said,
                                   re.MULTILINE | re.DOTALL))
