"""The scaling curve: what a million deliveries cost with more socket nodes and more masters of a Redis cluster.

PostgreSQL, the api node and the balancer are `deploy/local`'s; the socket nodes and the masters are started here, since
`deploy/local` has one Redis or three masters with replicas, and a replica hears every message again.
"""
import json
import pathlib
import subprocess
import time

from running.servers import listens, metric, run_bench

SLOTS = 16_384
REST_SECONDS = 3


def measure(servers, points, more, say, rows):
    """Adds to `rows` one a point, which is nodes, masters, messages a second, and what the load grows with: CPU-seconds a
    million deliveries of each part.

    A master at rest still looks after itself and the cluster ten times a second. Three of them do that three times, so it is
    measured before the load and told apart.
    """
    servers.start_cluster(sockets=1, apis=1)
    try:
        for place, (nodes, masters, rate, grows) in enumerate(points, 1):
            say(f"scaling, {place} of {len(points)}: {nodes} socket node(s), {masters} Redis master(s), {rate:,} messages a second")
            try:
                found = point(servers, nodes, masters, rate, more)
                rows.append(dict(found, per_second=rate, grows=grows))
            except (RuntimeError, OSError) as error:
                say(f"without {nodes} nodes and {masters} masters: {error}")
    finally:
        servers.stop_cluster()


def point(servers, nodes, masters, rate, more):
    names = []
    try:
        redis = start_masters(servers, masters, names)
        sockets = start_nodes(servers, nodes, redis, names)
        resting = at_rest([pid for _, pid in redis])
        cluster = servers.cluster()
        # The balancer, the api node's Redis and the socket node that came with them do nothing in this.
        described = {
            "main": cluster["main"], "api": cluster["api"], "socket": sockets, "postgres": cluster["postgres"],
            "redis": {"nodes": [{"pid": pid} for _, pid in redis]},
        }
        path = servers.out / "scaling-cluster.json"
        path.write_text(json.dumps(described))
        result = run_bench(servers, "scaling", servers.out / f"scaling-{nodes}-{masters}-{rate}.json",
                           ["--cluster", str(path)], "native", ["--rate", str(rate), *more])
        fan_in = heard(sockets)
    finally:
        for name in names:
            servers.stop(name)
    return row(nodes, masters, result, fan_in, resting)


def heard(sockets):
    """How many entries Redis brought to nodes for each that they told a socket, since they began."""
    def total(name):
        return sum(value for node in sockets for value in metric(node["url"], name))

    return total("martlet_broker_received_total") / max(1, total("martlet_delivered_total"))


def at_rest(pids):
    """CPU-seconds a second of processes that are asked for nothing."""
    time.sleep(1)
    before = sum(map(used, pids))
    time.sleep(REST_SECONDS)
    return (sum(map(used, pids)) - before) / REST_SECONDS


def used(pid):
    """CPU-seconds of a process, in the kernel's nanoseconds; those of its threads that have ended are left out."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def row(nodes, masters, result, fan_in, resting):
    """CPU-seconds of each part: for a million deliveries to sockets, and Redis' for a million deliveries to nodes.

    Of Redis' also what its masters would have used meanwhile at rest; `resting` is in CPU-seconds a second.
    """
    def of(prefix):
        used = sum(use["measure_cpu_s"] for use in result["processes"] if use["name"].startswith(prefix))
        return used / max(1, result["delivered"]) * 1e6

    rest = resting * result["scenario"]["measure_s"] / max(1, result["delivered"]) * 1e6
    return {"nodes": nodes, "masters": masters, "martlet": of("socket"), "redis": of("redis") / fan_in if fan_in else 0,
            "redis_at_rest": rest / fan_in if fan_in else 0, "postgres": of("postgres"), "fan_in": fan_in,
            "deliveries": result["delivered"], "verdict": result["verdict"]}


def start_masters(servers, count, names):
    """A Redis cluster of so many masters without replicas, as (port, pid)."""
    started = []
    for number in range(count):
        port = next(servers.ports)
        home = servers.out / "redis" / str(port)
        home.mkdir(parents=True, exist_ok=True)
        name = f"redis-{port}"
        names.append(name)
        words = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", home, "--save", "", "--appendonly",
                 "no", "--cluster-enabled", "yes", "--cluster-port", next(servers.ports), "--cluster-config-file",
                 "nodes.conf"]
        started.append((port, servers.start(name, words, port)))
    for number, (port, _) in enumerate(started):
        first, last = SLOTS * number // count, SLOTS * (number + 1) // count - 1
        ask(port, "CLUSTER", "ADDSLOTSRANGE", first, last)
        ask(port, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
    for port, _ in started[1:]:
        bus = int(ask(port, "CONFIG", "GET", "cluster-port").split()[-1])
        ask(started[0][0], "CLUSTER", "MEET", "127.0.0.1", port, bus)
    for port, _ in started:
        wait(lambda: "cluster_state:ok" in (told := ask(port, "CLUSTER", "INFO"))
             and f"cluster_known_nodes:{count}" in told, "the Redis cluster is not whole after 30 s")
    return started


def ask(port, *words):
    done = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, text=True)
    if done.returncode or done.stdout.startswith("ERR"):
        raise RuntimeError(f"redis-cli {' '.join(map(str, words))}: {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout


def start_nodes(servers, count, redis, names):
    secrets = servers.data / "secrets"
    given = {
        "MARTLET_DATABASE_URL_FILE": secrets / "database_url", "MARTLET_TOKEN_KEYS_FILE": secrets / "token_keys",
        "MARTLET_REFRESH_KEY_FILE": secrets / "refresh_key",
        "MARTLET_REDIS_URL": "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port, _ in redis),
    }
    described = []
    for number in range(1, count + 1):
        port, private = next(servers.ports), next(servers.ports)
        environment = dict(servers.environment, MARTLET_LISTEN=f"127.0.0.1:{port}", MARTLET_NODE_ID=f"scaling-{number}",
                           MARTLET_PRIVATE_LISTEN=f"127.0.0.1:{private}", **{k: str(v) for k, v in given.items()})
        name = f"node-{number}"
        names.append(name)
        pid = servers.start(name, [servers.binary, "socket"], port, environment)
        described.append({"url": f"http://127.0.0.1:{port}", "pid": pid})
        wait(lambda: ready(port), f"socket node {number} is not ready after 30 s; see {servers.out / (name + '.log')}")
    return described


def ready(port):
    words = ["curl", "-sf", "-o", "/dev/null", "--noproxy", "*", "--max-time", "2", f"http://127.0.0.1:{port}/readyz"]
    return listens(port) and subprocess.run(words).returncode == 0


def wait(holds, otherwise):
    end = time.monotonic() + 30
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.1)
