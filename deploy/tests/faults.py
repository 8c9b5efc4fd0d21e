"""Alerts as they fire: a real Prometheus watches a cluster to which the faults are done, in seconds, not minutes."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import cluster as clusters
import monitoring
from cluster import Cluster
from crowds import People, asking
from sentences import DEPLOY, holds, program, run, same
from watch import Clock, Silent, Watch


def topic(martlet):
    watch = silent = clock = None

    @holds("nothing fires while all is well")
    def _():
        nonlocal watch, silent, clock
        program("prometheus")
        cluster = Cluster.of(martlet)
        silent, clock = Silent(martlet), Clock()
        watch = Watch(cluster, silent, clock)
        watch.until(lambda firing: True)
        time.sleep(6)  # longer than an alert waits; nothing tells that nothing will come
        assert not watch.firing(), watch.firing()

    if not watch:
        return
    cluster = Cluster.of(martlet)
    try:
        faults(cluster, watch, clock)
        loads(cluster, watch, silent)

        @holds("every alert has been seen to fire")
        def _():
            same(watch.seen, [rule["alert"] for rule in monitoring.alerts()], "alerts")
    finally:
        watch.end()
        silent.end()
        clock.end()


def faults(cluster, watch, clock):
    def revive():
        said = cluster.up()
        assert said.returncode == 0, said.stdout + said.stderr
        watch.calms()

    @holds("a node that is killed: MartletNodeDown")
    def _():
        os.kill(cluster.pid("socket-1"), signal.SIGKILL)
        watch.sees("MartletNodeDown")
        revive()

    @holds("Redis killed: MartletRedisDown, and sends go on")
    def _():
        os.kill(cluster.pid("redis"), signal.SIGKILL)
        watch.sees("MartletRedisDown")
        assert '"status":"ready"' in clusters.ask(f"{cluster.url}/readyz")
        revive()

    @holds("a Redis that refuses what nodes write: MartletNodeUnlisted, and nobody is cut off from it")
    def _():
        redis = ["redis-cli", "-u", json.loads((cluster.data / "cluster.json").read_text())["redis"]["url"]]
        run(*redis, "ACL", "SETUSER", "default", "-zadd")
        try:
            watch.sees("MartletNodeUnlisted")
            assert "MartletRedisDown" not in watch.firing()
        finally:
            run(*redis, "ACL", "SETUSER", "default", "+zadd")
        watch.calms()

    @holds("a node whose clock is an hour ahead: MartletClocksApart")
    def _():
        clock.ahead = 3600
        watch.sees("MartletClocksApart")
        clock.ahead = 0
        watch.calms()

    @holds("PostgreSQL stopped: MartletDatabaseDown, and no node ends for it")
    def _():
        os.kill(cluster.pid("postgres"), signal.SIGINT)
        watch.sees("MartletDatabaseDown")
        assert "MartletNodeDown" not in watch.firing()
        revive()

    @holds("a node that stepped aside and was forgotten: MartletNotReady")
    def _():
        done = subprocess.run([cluster.martlet, "drain", "--pid", str(cluster.pid("socket-1"))], capture_output=True,
            text=True, env={"MARTLET_LISTEN": f"127.0.0.1:{cluster.port('socket')}"})
        assert done.returncode == 0, done.stderr
        watch.sees("MartletNotReady")
        subprocess.run([DEPLOY / "local/restart", "socket", "1", "--data", cluster.data], check=True,
            capture_output=True)
        watch.calms()

    @holds("a crowd: MartletConnectionsHigh, then MartletConnectionsTurnedAway")
    def _():
        most = int(clusters.SETTINGS["MARTLET_LIMIT_CONNECTIONS"])
        crowd = [socket.create_connection(("127.0.0.1", cluster.port("socket"))) for _ in range(int(most * 0.9))]
        try:
            watch.sees("MartletConnectionsHigh")
            for _ in range(40):
                with socket.create_connection(("127.0.0.1", cluster.port("socket"))) as more:
                    more.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                    crowd.append(socket.create_connection(("127.0.0.1", cluster.port("socket"))))
            watch.until(lambda firing: "MartletConnectionsTurnedAway" in firing or "MartletNodeDown" in firing)
        finally:
            for each in crowd:
                each.close()
        watch.sees("MartletConnectionsTurnedAway")
        watch.calms()


def loads(cluster, watch, silent):
    """Faults that are felt only while people talk."""
    people = People(cluster)
    database = (cluster.data / "secrets/database_url").read_text().strip()

    def sql(statement):
        run("psql", "--no-psqlrc", "--quiet", database, "-c", statement)

    def holding(mode, seconds):
        """Somebody else's transaction that has the messages for so long."""
        return subprocess.Popen(["psql", "--no-psqlrc", "--quiet", database, "-c",
            f"BEGIN; LOCK TABLE entry IN {mode} MODE; SELECT pg_sleep({seconds}); COMMIT"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    @holds("a Redis that takes no events: MartletNotificationsLost and MartletDeliverySlow, and all arrives")
    def _():
        redis = ["redis-cli", "-u", json.loads((cluster.data / "cluster.json").read_text())["redis"]["url"]]
        run(*redis, "ACL", "SETUSER", "default", "-spublish")
        try:
            with people.listening(), people.talking():
                watch.sees("MartletNotificationsLost", "MartletDeliverySlow")
        finally:
            run(*redis, "ACL", "SETUSER", "default", "+spublish")
        watch.calms()

    @holds("a lock that somebody takes again and again: MartletCommitSlow")
    def _():
        with people.talking(0.01):
            watch.during(lambda: holding("EXCLUSIVE", 0.3).wait(), "MartletCommitSlow")
        watch.calms()

    @holds("a lock that stays: MartletDatabasePoolExhausted, MartletDatabaseTimeouts and MartletRefusing")
    def _():
        lock = holding("ACCESS EXCLUSIVE", 90)
        try:
            with asking(cluster.port("api"), people.page(), 230):
                watch.sees("MartletDatabasePoolExhausted", "MartletDatabaseTimeouts", "MartletRefusing")
        finally:
            lock.kill()
            lock.wait()
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'"
                " AND pid <> pg_backend_pid()")
        watch.calms()

    @holds("a table that refuses what the program believes in: MartletInternalErrors")
    def _():
        sql("ALTER TABLE entry ADD CONSTRAINT broken CHECK (false) NOT VALID")
        try:
            assert people.say() == 500
            watch.sees("MartletInternalErrors")
        finally:
            sql("ALTER TABLE entry DROP CONSTRAINT broken")
        assert people.say() == 201
        watch.calms()

    @holds("a process that may open no more files: MartletFilesHigh")
    def _():
        pid = cluster.pid("socket-1")
        idle = [socket.create_connection(("127.0.0.1", cluster.port("socket"))) for _ in range(60)]
        time.sleep(1)  # accepted, all of them
        limit = run("prlimit", "--pid", pid, "--nofile", "--output", "SOFT,HARD", "--noheadings").split()
        opened = len(os.listdir(f"/proc/{pid}/fd"))
        run("prlimit", "--pid", pid, f"--nofile={opened + 3}:{limit[1]}")
        try:
            watch.sees("MartletFilesHigh")
        finally:
            run("prlimit", "--pid", pid, f"--nofile={limit[0]}:{limit[1]}")
            for each in idle:
                each.close()
        watch.calms()

    @holds("a process that is stopped in the midst of its work: MartletLoopStalled")
    def _():
        def stumble():
            os.kill(cluster.pid("api-1"), signal.SIGSTOP)
            time.sleep(0.4)
            os.kill(cluster.pid("api-1"), signal.SIGCONT)
            time.sleep(0.2)

        with asking(cluster.port("api"), people.page(), 20):
            watch.during(stumble, "MartletLoopStalled")
        watch.calms()

    @holds("listeners that hardly read while much is said: MartletSlowReaders")
    def _():
        with people.dawdling(5), asking(cluster.port("api"), people.long_message(), 6):
            watch.sees("MartletSlowReaders")

    @holds("connections that come and go, thirty a second: MartletReconnectStorm")
    def _():
        def come_and_go():
            socket.create_connection(("127.0.0.1", cluster.port("socket"))).close()
            time.sleep(0.02)

        watch.during(come_and_go, "MartletReconnectStorm")

    @holds("a log that nobody reads: MartletLogLinesDropped, and requests are answered all the same")
    def _():
        many = b"GET /v1/info HTTP/1.1\r\nHost: a\r\nX-Request-ID: " + b"0123456789" * 6 + b"\r\n\r\n"
        with asking(silent.port, many * 20, 8):
            watch.sees("MartletLogLinesDropped")
            assert "martlet_log_lines_dropped_total" in clusters.ask(f"http://127.0.0.1:{silent.port}/metrics")

    @holds("a node that ends three times in a row: MartletReadinessFlapping")
    def _():
        for _ in range(3):
            # Seen by Prometheus, which asks each second, with more work done than at a start.
            with asking(cluster.port("socket"), b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 4):
                time.sleep(3)
            os.kill(cluster.pid("socket-1"), signal.SIGKILL)
            said = cluster.up()
            assert said.returncode == 0, said.stdout + said.stderr
        watch.sees("MartletReadinessFlapping")
