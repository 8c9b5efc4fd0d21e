"""Runs topics: main.py --fixture FILE --martlet FILE --data DIR [TOPIC...]; ends with 1 if a check failed."""

import argparse
import asyncio
import contextlib
import functools
import importlib
import sys
import time

from checks import Fixture
from cluster import Cluster

TOPICS = {
    "engine": ("engine", ["four", "three", "beneath"]),
    "sockets": ("sockets", ["topic"]),
    "websocket": ("deflate", ["topic"]),
    "http": ("http1", ["topic"]),
    "tokens": ("tokens", ["topic"]),
    "clients": ("clients", ["topic"]),
    "readme": ("readme", ["topic"]),
    "doors": ("doors", ["topic"]),
    "kill": ("kill", ["topic"]),
    "edges": ("edges", ["topic"]),
}
# Those that need a cluster instead of the fixture, and those that need packages from PyPI.
ON_CLUSTER, BY_PACKAGES = {"readme", "doors", "kill", "edges"}, {
    "tokens", "clients", "readme", "doors", "edges"}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixture")
    parser.add_argument("--martlet")
    parser.add_argument("--data", help="a directory for a cluster")
    parser.add_argument("--redis", default="single")
    parser.add_argument("--clients", type=int)
    parser.add_argument("--without-packages", action="store_true")
    parser.add_argument("topics", nargs="*", choices=[*TOPICS, []])
    return parser.parse_args()


async def main(told):
    count, failed, started = 0, [], time.monotonic()
    names, cluster = told.topics or TOPICS, None
    for name in names:
        if told.without_packages and name in BY_PACKAGES:
            continue
        start = functools.partial(Fixture, told.fixture)
        if name in ON_CLUSTER:
            cluster = cluster or Cluster(told.martlet, told.data, told.redis, told.clients).start()
            start = functools.partial(contextlib.nullcontext, cluster)
        module, topics = TOPICS[name]
        module = importlib.import_module(module)
        for topic in topics:
            more, wrong = await getattr(module, topic).run(start)
            count, failed = count + more, failed + wrong
    for sentence in failed:
        print(f"failed: {sentence}")
    print(f"{count} checks, {len(failed)} failed, in {time.monotonic() - started:.0f} s")
    return 1 if failed or not count else 0


sys.exit(asyncio.run(main(arguments())))
