"""The arithmetic of capacity.md: what a cluster of given machines needs for given connections and messages a second.

Everything is plain numbers. Units are in the names: _us microseconds of CPU, _bytes, _ps a second.

    C   connections                       D  deliveries/s        = M * fan_out * burst
    M   messages stored a second, mean    L  event loops         = nodes * node_cores
    F   fan_out: connections that hear    A  loops that hear one = L * (1 - (1 - 1/L)^F)   (members are spread by chance)

    node CPU/s     = D * deliver + M*burst * (batched + (send - batched) / B + A * (hear + asleep * wake)) + C * idle
                     + C/session_s * connect
                     asleep   = 1 - the share of the time in which a loop is busy, or 1 - headroom if it is busy for more
    node memory    = C * (connection + kernel) + C * conversations * room
    node network   = D * (frame + overhead) + M*burst * A * payload
    redis CPU/s    = turns.py: what comes together shares a turn; and
                     P * (message + nodes * copy) + nodes * masters * (tell + read + nodes * write) for presence
                     P presence messages/s = min(nodes * 64, 2 * C/session_s), a node's in one write to each master
    redis network  = M*burst * A * payload + P * nodes * payload
    postgres CPU/s = M*burst * (commit / B + row) + nodes * checks_ps * (buckets * counters + compared)
                     + C/session_s * resume
                     B        = messages a transaction = 1 + M*burst/L * commit_s, at most 128
                     compared = new * entry, if a bucket has more rooms at a node than new entries and two; else, and
                                always on Citus, moved * head
                     new      = M*burst / checks_ps
                     moved    = rooms a node * (1 - exp(-new / 4096))
    postgres disk  = M * row_bytes a second; WAL = M*burst * wal_bytes
"""

import json
import math
import pathlib

import turns

BUCKETS = 4_096
# Of a turn of Redis, where it is far from full.
LONGEST_S = 0.02
NAMES = (
    "deliver_us send_us send_batched_us hear_us hear_wake_us idle_us connect_us connection_bytes kernel_bytes room_bytes frame_bytes overhead_bytes "
    "payload_bytes publish_us cluster_us replica_us copy_us redis_read_us redis_write_us redis_wake_us redis_tell_us "
    "subscription_bytes commit_us row_us counters_us head_us entry_us "
    "connect_postgres_us row_bytes wal_bytes"
).split()


def check_costs(costs):
    """Refuses a file of costs that lacks one, or has one that nobody can judge."""
    for name in NAMES:
        cost = costs.get(name)
        if not isinstance(cost, dict):
            raise ValueError(f"costs: {name} is missing")
        for member in ("value", "low", "high", "unit", "source"):
            if member not in cost:
                raise ValueError(f"costs: {name} has no {member}")
        if not 0 <= cost["low"] <= cost["value"] <= cost["high"]:
            raise ValueError(f"costs: {name} is not between its low and its high")


def values(costs, which="value"):
    return {name: cost[which] for name, cost in costs.items()}


def loops_that_hear(loops, fan_out):
    """How many of the loops have one of the connections that hear a message."""
    return turns.some(loops, fan_out)


def batch(messages_ps, loops, commit_s):
    """Messages that go out in one transaction: what has come to a loop while its last one ran."""
    return min(128.0, 1 + messages_ps / loops * commit_s)


def node_load(u, w, nodes):
    """What all nodes together use a second: CPU-us, bytes of memory, bytes of network."""
    c, m = w["connections"], w["messages_ps"] * w["burst"]
    loops = nodes * w["node_cores"]
    d, heard = m * w["fan_out"], m * loops_that_hear(loops, w["fan_out"])
    arrivals = c / w["session_s"]
    together = batch(m, loops, w["commit_s"])
    send = u["send_batched_us"] + (u["send_us"] - u["send_batched_us"]) / together
    others = d * u["deliver_us"] + m * send + c * u["idle_us"] + arrivals * u["connect_us"]
    # What comes to a loop that is busy is read in its next turn and wakes nobody; the busier, the less is woken for.
    waking = heard * u["hear_wake_us"]
    busy = min(w["headroom"], (others + heard * u["hear_us"] + waking) / (loops * 1e6 + waking))
    return {
        "cpu": others + heard * u["hear_us"] + (1 - busy) * waking, "busy": busy,
        "memory": c * (u["connection_bytes"] + u["kernel_bytes"]) + c * w["conversations"] * u["room_bytes"],
        "network": d * (u["frame_bytes"] + u["overhead_bytes"]) + heard * u["payload_bytes"],
    }


def redis_load(u, w, nodes, masters):
    """What so many masters use a second: of each how full it is and how busy, its bytes; the bytes of memory of all."""
    c, m = w["connections"], w["messages_ps"] * w["burst"]
    loops = nodes * w["node_cores"]
    heard = loops_that_hear(loops, w["fan_out"])
    kind = turns.replicated(u) if masters > 1 else turns.alone(u)
    each = turns.master(u, kind, m / masters, loops, heard, w["redis_turn_s"])
    presence = min(nodes * 64, 2 * c / w["session_s"])
    told = presence * (kind[0] + nodes * u["copy_us"])
    told += min(presence, nodes * masters) * (kind[1] + u["redis_read_us"] + nodes * u["redis_write_us"])
    return {
        "full": each["full"], "presence": told / masters / 1e6, "busy": min(1.0, (each["cpu"] + told / masters) / 1e6),
        "message_us": each["message_us"], "in_a_turn": each["in_a_turn"],
        "network": (m * heard + presence * nodes) * u["payload_bytes"] / masters,
        "memory": c * (w["conversations"] + 1) * u["subscription_bytes"],
    }


def postgres_load(u, w, nodes):
    """What PostgreSQL uses a second."""
    c, m = w["connections"], w["messages_ps"] * w["burst"]
    loops = nodes * w["node_cores"]
    together = batch(m, loops, w["commit_s"])
    rooms = c * w["conversations"] / nodes
    new = m / w["checks_ps"]
    heads = rooms * (1 - math.exp(-new / BUCKETS)) * u["head_us"]
    compared = new * u["entry_us"] if rooms > new + 2 * BUCKETS else heads
    counters = min(BUCKETS, rooms) * u["counters_us"]
    return {
        "commits": m * (u["commit_us"] / together + u["row_us"]),
        "checks": nodes * w["checks_ps"] * (counters + compared),
        "checks_on_citus": nodes * w["checks_ps"] * (counters + heads),
        "resumes": c / w["session_s"] * u["connect_postgres_us"],
        "wal": m * u["wal_bytes"], "disk_a_day": w["messages_ps"] * u["row_bytes"] * 86_400, "batch": together,
    }


def limits(w):
    """What one machine of each kind may bear a second, headroom taken off."""
    h = w["headroom"]
    return {
        "node": {"cpu": w["node_cores"] * 1e6 * h, "memory": w["node_memory_bytes"] * h, "network": w["network_ps"] * h},
        "redis": {"cpu": h, "network": w["network_ps"] * h},
        "postgres": {"cpu": w["postgres_cores"] * 1e6 * h, "wal": w["postgres_wal_ps"] * h},
    }


def nodes_needed(u, w):
    """The least number of nodes that bears it, one more to lose, and what decides."""
    bound = limits(w)["node"]
    nodes = 1
    while True:
        load = node_load(u, w, nodes)
        shares = {name: load[name] / bound[name] for name in bound}
        shares["connections"] = w["connections"] / w["node_connections"]
        binding = max(shares, key=shares.get)
        need = max(1, math.ceil(shares[binding]))
        if need <= nodes:
            return nodes + 1, binding
        nodes = need


def masters_needed(u, w, nodes):
    """The least number of masters that bears it."""
    bound = limits(w)["redis"]
    for masters in range(1, 10_000):
        load = redis_load(u, w, nodes, masters)
        if load["full"] + load["presence"] <= bound["cpu"] and load["network"] <= bound["network"]:
            return masters
    raise ValueError("more masters than a Redis Cluster can have")


MOVES = {
    "node CPU": "more nodes; frames that leave in one write cost a third",
    "node memory": "more nodes, or more memory each",
    "node network": "more nodes; permessage-deflate pays with CPU",
    "node connections": "MARTLET_LIMIT_CONNECTIONS and open files; more nodes",
    "redis publishing": "more masters: topics are spread evenly over 256 tags; fewer, larger nodes",
    "redis network": "more masters",
    "redis presence": "fewer, larger nodes; watching from few nodes; longer ticks",
    "postgres commits": "a larger primary, then Citus (2.3 to 5 times the CPU in all)",
    "postgres checks": "fewer, larger nodes; a longer period (delays only what Redis lost); Citus",
    "postgres resumes": "replicas for reads; longer sessions",
    "postgres wal": "faster disks, then Citus",
}


def plan(costs, w, which="value"):
    """Everything for one size."""
    u = values(costs, which)
    nodes, binding = nodes_needed(u, w)
    bound = limits(w)
    postgres, node = postgres_load(u, w, nodes), node_load(u, w, nodes)
    masters = masters_needed(u, w, nodes)
    three, needed = redis_load(u, w, nodes, 3), redis_load(u, w, nodes, masters)
    others = postgres["commits"] + postgres["resumes"]
    one = max((others + postgres["checks"]) / bound["postgres"]["cpu"], postgres["wal"] / bound["postgres"]["wal"])
    citus = 0 if one <= 1 else math.ceil(max(
        (others + postgres["checks_on_citus"]) * w["citus_factor"] / bound["postgres"]["cpu"], postgres["wal"] / bound["postgres"]["wal"]))
    # What fills the cluster that one begins with: these nodes, three masters, one primary.
    start = {
        "redis publishing": three["full"] / bound["redis"]["cpu"],
        "redis network": three["network"] / bound["redis"]["network"],
        "redis presence": three["presence"] / bound["redis"]["cpu"],
        "postgres commits": postgres["commits"] / bound["postgres"]["cpu"],
        "postgres checks": postgres["checks"] / bound["postgres"]["cpu"],
        "postgres resumes": postgres["resumes"] / bound["postgres"]["cpu"],
        "postgres wal": postgres["wal"] / bound["postgres"]["wal"],
    }
    machines = {
        "Redis CPU": ["redis publishing", "redis presence"], "Redis network": ["redis network"],
        "PostgreSQL CPU": ["postgres commits", "postgres checks", "postgres resumes"], "PostgreSQL WAL": ["postgres wal"],
    }
    fullness = {name: sum(start[part] for part in parts) for name, parts in machines.items()}
    fullest = max(fullness, key=fullness.get)
    most = max(machines[fullest], key=start.get)
    # Nodes are added as needed, so they are the limit only while nothing else is half full.
    is_full = fullness[fullest] > 0.5
    mostly = f"{fullest}, mostly {most.split()[1]}" if len(machines[fullest]) > 1 else fullest
    node_part = "node " + binding.replace("cpu", "CPU")
    return {
        "connections": w["connections"], "messages_ps": w["messages_ps"], "nodes": nodes, "masters": masters,
        "redis_full": round(max(
            (needed["full"] + needed["presence"]) / bound["redis"]["cpu"], needed["network"] / bound["redis"]["network"]), 3),
        "redis_busy": round(needed["busy"], 3), "redis_message_us": round(needed["message_us"], 2),
        "redis_in_a_turn": round(needed["in_a_turn"], 1),
        "postgres": "one primary" if not citus else f"Citus, {citus} workers", "citus_workers": citus,
        "first_limit": mostly if is_full else node_part, "full": round(fullness[fullest], 3) if is_full else None,
        "moves": MOVES[most if is_full else node_part],
        "batch": round(postgres["batch"], 1), "disk_gb_a_day": round(postgres["disk_a_day"] / 1e9, 1),
        "network_gbit_ps": round(node["network"] * 8 / 1e9, 2), "use": {name: round(x, 4) for name, x in start.items()},
    }


def table(costs, assumptions, sizes):
    """A row for each size: the plan, and the nodes with all costs at their low and at their high."""
    rows = []
    for connections, messages in sizes:
        w = dict(assumptions, connections=connections, messages_ps=messages)
        row = plan(costs, w)
        row["nodes_low"], row["nodes_high"] = (plan(costs, w, which)["nodes"] for which in ("low", "high"))
        rows.append(row)
    return rows


def predict_here(costs, which, connections, messages_ps, deliveries_ps, nodes=2):
    """CPU-us a second of the parts of a small cluster whose deliveries are known: for validation."""
    u = values(costs, which)
    return {
        "node": deliveries_ps * u["deliver_us"] + messages_ps * (u["send_us"] + nodes * (u["hear_us"] + u["hear_wake_us"]))
        + connections * u["idle_us"],
        "postgres": messages_ps * (u["commit_us"] + u["row_us"]) + u.get("postgres_quiet_us_here", 0),
        "redis": turns.master(u, turns.alone(u), messages_ps, nodes, nodes, LONGEST_S)["cpu"]
        + u.get("redis_quiet_us_here", 0),
    }


def predict_observed(costs, which, observed, row):
    """CPU-us of Redis for one delivery to a node, at a point of `benchmarks/run --scaling`, whose nodes have one loop each."""
    u = values(costs, which)
    nodes, masters, rate = row["nodes"], row["masters"], row["messages_ps"]
    heard = loops_that_hear(nodes, observed["fan_out"])
    one = turns.master(u, turns.in_cluster(u), rate / masters, nodes, heard, LONGEST_S)
    return (one["cpu"] * masters + observed["rest_us"] * masters) / rate / heard


def load(name):
    return json.loads((pathlib.Path(__file__).resolve().parent / name).read_text())
