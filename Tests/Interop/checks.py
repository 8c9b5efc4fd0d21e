"""Checks: each is an async function under a sentence; a topic's run against a fixture of its own, or a cluster."""

import asyncio
import inspect
import os
import re
import subprocess
import time
import traceback

# A check that takes longer has hung: the longest waits are for the end of the silent, 6.5 s, and five pings.
SECONDS_MAX = 40


class Untried(Exception):
    """What is missing for a check, in a sentence."""


class Topic:
    """A file's checks, and how the fixture is started for them.

    `fixtures`: name -> options; every check runs with each of them, unless it names those that it is about.
    """

    def __init__(self, name, fixtures, at_once=4, seconds=SECONDS_MAX):
        self.name, self.fixtures, self.at_once, self.seconds, self.checks = name, fixtures, at_once, seconds, []

    def check(self, sentence, only=None):
        def keep(body):
            self.checks.append((sentence, body, only))
            return body

        return keep

    async def run(self, start):
        """Runs all against what `start` makes, given options if there are any; how many there were, and what failed."""
        count, failed = 0, []
        for name, options in self.fixtures.items():
            checks = [(s, b) for s, b, only in self.checks if only is None or name in only]
            options = options() if callable(options) else options
            with start(*([] if options is None else [options])) as fixture:
                gate = asyncio.Semaphore(self.at_once)
                results = await asyncio.gather(*(self.one(gate, fixture, name, *c) for c in checks))
            count += len(results)
            failed += [sentence for sentence in results if sentence]
        return count, failed

    async def one(self, gate, fixture, name, sentence, body):
        sentence = f"{self.name} ({name}): {sentence}" if len(self.fixtures) > 1 else f"{self.name}: {sentence}"
        async with gate:
            started = time.monotonic()
            try:
                await asyncio.wait_for(body(fixture), self.seconds)
            except Untried as missing:
                return print(f"SKIPPED: {sentence}: {missing}", flush=True)
            except Exception as error:  # whatever it is, it is this check's failure
                print(f"FAIL {sentence}\n     {type(error).__name__}: {error}", flush=True)
                place = traceback.extract_tb(error.__traceback__)[-1]
                print(f"     {os.path.basename(place.filename)}:{place.lineno}: {place.line}", flush=True)
                return sentence
            print(f"ok   {sentence} ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)


class Fixture:
    """A running conformance-fixture, ended with its block."""

    def __init__(self, binary, options):
        self.process = subprocess.Popen([binary, "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        found = re.search(r":(\d+)$", said.strip())
        if not found:
            raise SystemExit(f"the fixture did not start: {said!r}")
        self.port, self.options = int(found[1]), options
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert self.process.poll() is None, "the fixture has died"
        self.process.kill()
        self.process.wait()


def equal(got, wanted):
    assert got == wanted, f"{short(got)} is not {short(wanted)}"


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:200]} … {len(text)}"


async def until(condition, seconds=20, why=lambda: "what was waited for did not come"):
    """Waits for a condition, which may have to be awaited itself; not for a time."""
    deadline = time.monotonic() + seconds
    while True:
        holds = condition()
        if await holds if inspect.isawaitable(holds) else holds:
            return
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(0.02)
