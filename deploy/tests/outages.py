"""Outages under load: networks that are cut, Redis away, all nodes killed, the schema changed; the load tester says
what was lost. In a network of its own, so that what is cut is nobody else's.

Source: reliability.md F11, F25, F29, F41.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

from cluster import Cluster
from sentences import Untried, holds, program, run

CLONE_NEWNET = 0x4000_0000
SCENARIO = {
    "name": "outage", "title": "20 rooms of 10, 100 messages a second", "wires": ["native"], "connections": 200,
    "users": 200, "conversations": {"kind": "rooms", "count": 20}, "load": {"loop": "open", "per_second": 100},
    "warm_s": 2, "measure_s": 24, "drain_s": 20}


class Trio(Cluster):
    """Two api and three socket nodes, without the limits that tests of alerts need."""

    one, name = None, "trio"
    apis, sockets = 2, 3
    settings = {"MARTLET_RATE_REGISTER": "off", "MARTLET_RATE_SIGN_IN_ADDRESS": "off"}


class Talk:
    """The load tester at work; what it has found, when it is over."""

    def __init__(self, cluster, **changes):
        self.home = pathlib.Path(os.environ["TMPDIR"]) / "talk"
        self.home.mkdir(exist_ok=True)
        (self.home / "scenario.json").write_text(json.dumps({**SCENARIO, **changes}))
        self.log = self.home / "log"
        self.tester = subprocess.Popen([cluster.martlet, "bench", self.home / "scenario.json", "--cluster",
            cluster.data / "cluster.json", "--keep", self.home / "kept", "--json", self.home / "result.json"],
            stdout=self.log.open("w"), stderr=subprocess.STDOUT)

    def measuring(self, seconds=4):
        """Returns when it has measured for so long."""
        end = time.monotonic() + 120
        while (told := self.log.read_text()).count("  measure  ") < seconds:
            assert self.tester.poll() is None and time.monotonic() < end, told[-600:]
            time.sleep(0.2)

    def second(self):
        """Of the run, now."""
        return max(int(line.split()[0]) for line in self.log.read_text().splitlines() if " s  " in line)

    def end(self):
        """The result; nothing may be lost, repeated or out of order, and nobody may be missing. What a node had not yet
        answered when it died is in doubt, and no more than that."""
        with contextlib.closing(self):
            self.tester.wait(180)
            result = json.loads((self.home / "result.json").read_text())
        wrong = {name: count for name, count in result["verdict"].items()
                 if name not in ("checked", "in_doubt") and count}
        assert result["verdict"]["checked"] > 1_000 and not wrong, result["verdict"]
        return result

    def close(self):
        self.tester.kill()
        self.tester.wait()


def refused(result):
    return {name: count for name, count in result["measure"]["counts"].items() if count and name != "unanswered"}


def whole_by(result, second, wanted):
    """Whether from that second of the run on everybody is told again; the first second at which it is so."""
    for point in result["series"]:
        if point["at"] >= second and point["connected"] == result["connected"] and point["delivered"] >= wanted:
            return point["at"] - second
    raise AssertionError(f"not told again after second {second}: {result['series'][-3:]}")


@contextlib.contextmanager
def cut(port, *ways):
    """Nothing gets through to a port, or from it, until the end."""
    for way in ways:
        run("iptables", "-A", "INPUT", "-p", "tcp", way, port, "-j", "DROP")
    try:
        yield
    finally:
        run("iptables", "-F", "INPUT")


def apart():
    """Leaves the network of the machine for one of its own, which only root can."""
    program("iptables")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise Untried("a network of its own (which root may make)")
    run("ip", "link", "set", "lo", "up")


def topic(martlet):
    cluster = None

    @holds("a cluster starts in a network of its own")
    def _():
        nonlocal cluster
        apart()
        cluster = Trio.of(martlet)

    if cluster:
        told = json.loads((cluster.data / "cluster.json").read_text())
        networks(cluster, *(urllib.parse.urlsplit(told[name]["url"]).port for name in ("redis", "postgres")))
        deaths(cluster, told)


def talk_through(cluster, port, ways):
    """What comes of a talk while nothing gets through to a port for 8 s, and the second at which that was over."""
    talk = Talk(cluster)
    talk.measuring()
    with cut(port, *ways):
        time.sleep(8)
    healed = talk.second()
    return talk.end(), healed


def networks(cluster, redis, postgres):
    both = ("--dport", "--sport")
    for name, ways in (("cut off", both), ("heard no more", ("--sport",))):
        @holds(f"Redis {name} for 8 s: every send is taken, and all are told within 3 s")
        def _():
            result, _ = talk_through(cluster, redis, ways)
            assert not refused(result) and result["figures"]["delivery_max_us"] < 3e6, result["figures"]

        @holds(f"PostgreSQL {name} for 8 s: sends are refused, none is lost, and 10 s later all is as before")
        def _():
            result, healed = talk_through(cluster, postgres, ways)
            assert set(refused(result)) == {"refused database_unavailable"}, refused(result)
            assert whole_by(result, healed, 800) <= 10

    @holds("the clients of a node cut off for 8 s: the others go on, and 10 s later they know all")
    def _():
        result, healed = talk_through(cluster, cluster.port("socket"), both)
        assert whole_by(result, healed, 800) <= 10


def deaths(cluster, told):
    @holds("Redis killed for 10 s: every send is taken, and all are told within 3 s")
    def _():
        talk = Talk(cluster)
        talk.measuring()
        os.kill(cluster.pid("redis"), signal.SIGKILL)
        time.sleep(10)
        said = cluster.up()
        assert said.returncode == 0, said.stdout + said.stderr
        result = talk.end()
        assert not refused(result) and result["figures"]["delivery_max_us"] < 3e6, result["figures"]

    @holds("all socket nodes killed at once: all who were there are back within 30 s, and know all")
    def _():
        talk = Talk(cluster, connections=1_000, measure_s=50)
        talk.measuring()
        for number in range(len(told["socket"])):
            os.kill(cluster.pid(f"socket-{number + 1}"), signal.SIGKILL)
        killed = talk.second() + 1
        said = cluster.up()
        assert said.returncode == 0, said.stdout + said.stderr
        # Fifty sockets a room.
        assert whole_by(talk.end(), killed, 4_000) <= 30

    @holds("columns and indexes added under load: no send is refused, and p99 stays below 1 s")
    def _():
        talk = Talk(cluster)
        talk.measuring()
        url = (cluster.data / "secrets/database_url").read_text().strip()
        tables = ("entry", "conversation", "member", "bucket_seq", "chat_user")
        sql = [f"SET lock_timeout = '2s'; ALTER TABLE {table} ADD COLUMN tried integer" for table in tables]
        sql += [f"CREATE INDEX CONCURRENTLY {table}_tried ON {table} (bucket, tried)" for table in tables]
        sql += [f"SET lock_timeout = '2s'; ALTER TABLE {table} DROP COLUMN tried" for table in tables]
        for statement in sql:
            run("psql", "--no-psqlrc", "--quiet", url, "-c", statement)
        result = talk.end()
        assert not refused(result) and result["figures"]["delivery_p99_us"] < 1e6, result["figures"]
