"""Runs topics: main.py BINARY [TOPIC...]; ends with 1 if a check failed."""

import asyncio
import importlib
import sys
import time

TOPICS = {
    "engine": ("engine", ["four", "three", "beneath"]),
    "sockets": ("sockets", ["topic"]),
    "websocket": ("deflate", ["topic"]),
    "http": ("http1", ["topic"]),
    "tokens": ("tokens", ["topic"]),
    "clients": ("clients", ["topic"]),
}


async def main(binary, names):
    count, failed, started = 0, [], time.monotonic()
    for name in names or TOPICS:
        module, topics = TOPICS[name]
        module = importlib.import_module(module)
        for topic in topics:
            more, wrong = await getattr(module, topic).run(binary)
            count, failed = count + more, failed + wrong
    for sentence in failed:
        print(f"failed: {sentence}")
    print(f"{count} checks, {len(failed)} failed, in {time.monotonic() - started:.0f} s")
    return 1 if failed or not count else 0


sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2:])))
