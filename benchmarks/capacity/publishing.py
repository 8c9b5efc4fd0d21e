"""What publishing costs a Redis, by what it does: messages, copies, reads, writes, wakings.

A server of its own without persistence; loops of nodes as processes, each with a connection that publishes and one that listens, as a
node's loop has. They only count what comes. Redis itself tells how often it read and wrote (INFO), the kernel how often a
process slept, /proc/PID/schedstat the CPU in nanoseconds; the costs of each are what fits all points best.
"""

import contextlib
import ctypes
import multiprocessing
import multiprocessing.sharedctypes
import os
import pathlib
import random
import select
import socket
import subprocess
import sys
import time

CHANNELS = 128
# What a node writes for a message of 100 characters: Sources/EntryText/PlainMessages.swift.
PAYLOAD = (
    '{"v":1,"c":170141183460,"e":[{"q":4711,"i":7301444403200005121,"t":1795600000000,"u":73014444032,"n":"ada lovelace","k":1,'
    '"d":{"i":7301444403200005121,"q":4711,"u":73014444032,"n":"ada lovelace","y":"text","x":"' + "x" * 100 +
    '","m":"0123456789abcdef0123456789abcdef","t":1795600000000}}]}').encode()
SHAPES = ("alone", "cluster", "replicated")


def words(*parts):
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def channel(number):
    return b"m:{c3z}c:1701411834%03d" % number


# All channels' names have one length, so that what has come is counted by its bytes.
HEARD_BYTES = len(words("smessage", channel(0), PAYLOAD))


class Redis:
    """One server as deploy/local starts it: alone, or the master of a cluster of one, with or without a replica."""

    def __init__(self, home, ports, shape="alone"):
        self.processes, self.port, self.shape = [], ports[0], shape
        common = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        for number in range(2 if shape == "replicated" else 1):
            given = ["--port", str(ports[2 * number]), "--dir", str(home)]
            if shape != "alone":
                given += ["--cluster-enabled", "yes", "--cluster-port", str(ports[2 * number + 1]),
                          "--cluster-config-file", f"nodes-{number}.conf"]
            self.processes.append(subprocess.Popen(common + given, stdout=subprocess.DEVNULL))
        try:
            self.join(shape, ports)
        except BaseException:
            self.stop()
            raise

    def join(self, shape, ports):
        until(lambda: self.ask("PING", port=self.port) == "PONG", "redis-server does not answer")
        if shape == "alone":
            return
        self.ask("CLUSTER", "ADDSLOTSRANGE", 0, 16_383)
        if shape == "replicated":
            until(lambda: self.ask("PING", port=ports[2]) == "PONG", "the replica does not answer")
            self.ask("CLUSTER", "MEET", "127.0.0.1", ports[2], ports[3])
            master = self.ask("CLUSTER", "MYID")
            until(lambda: self.ask("CLUSTER", "REPLICATE", master, port=ports[2]) == "OK", "the replica does not join")
            until(lambda: "connected_slaves:1" in self.ask("INFO", "replication"), "the replica does not follow")
        until(lambda: "cluster_state:ok" in self.ask("CLUSTER", "INFO"), "the cluster is not whole")

    @property
    def pid(self):
        return self.processes[0].pid

    def ask(self, *asked, port=None):
        command = ["redis-cli", "-p", str(port or self.port), *map(str, asked)]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def counters(self):
        """Nanoseconds of CPU, reads, writes, and how often it slept."""
        told = dict(line.split(":", 1) for line in self.ask("INFO", "stats").splitlines() if ":" in line)
        return {
            "ns": nanoseconds(self.pid), "reads": int(told["total_reads_processed"]),
            "writes": int(told["total_writes_processed"]), "sleeps": slept(self.pid)}

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def until(holds, otherwise, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def nanoseconds(pid):
    """CPU of a process' threads; those that have ended are left out."""
    total = 0
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int(path.read_text().split()[0])
    return total


def slept(pid):
    """How often its first thread gave its core up to wait."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    return 0


# A loop writes these where the one who measures reads them.
SENT, REPLIES, BYTES, READY, FIELDS = range(5)


class Loops:
    """Loops of nodes as processes; each message is heard by so many of them."""

    def __init__(self, redis, count, ears, per_second, together):
        """`per_second` is of all loops; 0 is as fast as they are answered. `together` messages leave in one write."""
        self.count = count
        self.told = multiprocessing.sharedctypes.RawArray(ctypes.c_int64, count * FIELDS)
        self.go = multiprocessing.Event()
        self.processes = []
        chosen = random.Random(count * 1_000 + ears)
        hearing = [[] for _ in range(count)]
        for number in range(CHANNELS):
            for loop in chosen.sample(range(count), ears):
                hearing[loop].append(channel(number))
        try:
            for number in range(count):
                process = multiprocessing.Process(
                    target=self.run, args=(redis.port, number, hearing[number], per_second / count, together), daemon=True)
                process.start()
                self.processes.append(process)
            until(lambda: self.total(READY) == count, "the loops do not listen")
            self.go.set()
        except BaseException:
            self.stop()
            raise

    def total(self, field):
        return sum(self.told[field::FIELDS])

    def counters(self):
        if not all(process.is_alive() for process in self.processes):
            raise RuntimeError("a loop was cut off: it does not read as fast as Redis writes")
        return {"sent": self.total(SENT), "heard": self.total(BYTES) / HEARD_BYTES}

    def run(self, port, number, hearing, per_second, together):
        publishes, listens = connect(port), connect(port)
        place, told = number * FIELDS, self.told
        listens.sendall(words("SSUBSCRIBE", *hearing) if hearing else words("PING"))
        while len(listens.recv(1 << 16)) == 1 << 16:
            pass
        publishes.setblocking(False)
        listens.setblocking(False)
        chosen = random.Random(number)
        commands = [words("SPUBLISH", channel(c), PAYLOAD) for c in range(CHANNELS)]
        told[place + READY] = 1
        self.go.wait()
        # What the subscriptions were answered, besides what was read above, is not a message.
        time.sleep(0.2)
        with contextlib.suppress(BlockingIOError):
            while listens.recv(1 << 16):
                pass
        rate = per_second / together
        due = time.monotonic() + chosen.expovariate(rate) if rate else 0.0
        ready = []
        while True:
            now, out, pause = time.monotonic(), 0, None
            if rate:
                while due <= now:
                    out += together
                    due += chosen.expovariate(rate)
                pause = max(0, due - now)
            elif told[place + SENT] == told[place + REPLIES]:
                # Who is behind with reading says nothing more: else Redis holds what he has not read, until it cuts him off.
                out, pause = (0, 0) if listens in ready else (together, None)
            if out:
                told[place + SENT] += out
                send(publishes, b"".join(commands[chosen.randrange(CHANNELS)] for _ in range(out)))
            ready, _, _ = select.select([publishes, listens], [], [], pause)
            if listens in ready:
                part = listens.recv(1 << 18)
                if not part:
                    os._exit(1)
                told[place + BYTES] += len(part)
            if publishes in ready:
                told[place + REPLIES] += publishes.recv(1 << 16).count(b"\n")

    def stop(self):
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()


def connect(port):
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def send(to, data):
    while data:
        try:
            data = data[to.send(data):]
        except BlockingIOError:
            select.select([], [to], [])


def at_rest(redis, seconds=2):
    """What it uses for itself: nanoseconds and sleeps a second."""
    before = redis.counters()
    time.sleep(seconds)
    after = redis.counters()
    return {name: (after[name] - before[name]) / seconds for name in ("ns", "sleeps")}


def point(redis, count, ears, per_second, together, seconds, rest):
    """What Redis did and used in those seconds for each message, less what it uses at rest."""
    loops = Loops(redis, count, ears, per_second, together)
    try:
        time.sleep(0.7)
        before, began = {**redis.counters(), **loops.counters()}, time.monotonic()
        time.sleep(seconds)
        after, lasted = {**redis.counters(), **loops.counters()}, time.monotonic() - began
    finally:
        loops.stop()
    spent = {name: after[name] - before[name] for name in before}
    # Some are on their way at either end of the time: as many as a tenth of a second brings on a busy machine.
    if spent["heard"] < 0.9 * ears * (spent["sent"] - per_second / 10 if per_second else spent["sent"]):
        raise RuntimeError("the loops do not read as fast as Redis writes")
    # The two questions for INFO were a reading and a write each.
    reads, writes = max(0, spent["reads"] - 2), max(0, spent["writes"] - 2)
    spent["ns"] -= rest["ns"] * lasted
    spent["sleeps"] = max(0, spent["sleeps"] - rest["sleeps"] * lasted)
    replicated = float(redis.shape == "replicated")
    return {
        "shape": redis.shape, "loops": count, "ears": ears, "together": together, "asked": per_second, "per_second": spent["sent"] / lasted,
        "us": spent["ns"] / 1e3 / spent["sent"], "busy": spent["ns"] / 1e9 / lasted,
        # Each reading of a loop's commands is answered by one write; the others are to who listens.
        "parts": {
            "publish": 1.0, "cluster": float(redis.shape != "alone"), "replica": replicated,
            "copy": float(ears), "read": reads / spent["sent"],
            "write": max(0, writes - reads) / spent["sent"], "wake": spent["sleeps"] / spent["sent"],
            # Its replica is told in one write each turn; how many turns there were beside those that it was woken for nothing tells.
            "tell": replicated * spent["sleeps"] / spent["sent"]},
    }


# Loops, how many of them hear a message, messages a second (0: as fast as they are answered), messages of one write.
POINTS = [(n, n, rate, together) for n in (1, 3, 6, 12, 24)
          for rate, together in ((500, 1), (2_000, 1), (2_000, 4), (8_000, 1), (32_000, 8), (0, 1), (0, 16))]
# What a message costs by itself shows where all else is shared by many.
POINTS += [(1, 0, 0, 128), (6, 0, 0, 128), (1, 1, 0, 128), (6, 6, 0, 128)]
POINTS += [(96, 10, rate, together) for rate, together in ((2_000, 1), (8_000, 2), (0, 1), (0, 16))]


def play(home, ports, points=POINTS, seconds=2):
    """All points on a server of each shape, in turn, so that what else the machine does is all shapes' alike.

    Those whose loops could not keep up are left out, with a word. Takes seven ports."""
    servers, found = [], []
    try:
        for shape, first in zip(SHAPES, (0, 1, 3)):
            place = pathlib.Path(home) / shape
            place.mkdir()
            servers.append(Redis(place, ports[first:], shape))
        rest = [at_rest(redis) for redis in servers]
        for each in points:
            for redis, resting in zip(servers, rest):
                try:
                    found.append(point(redis, *each, seconds, resting))
                except RuntimeError as error:
                    print(f"{redis.shape}, {each}: {error}", file=sys.stderr)
    finally:
        for redis in servers:
            redis.stop()
    return found
