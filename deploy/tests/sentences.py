"""Sentences about what is shipped: each holds, does not, or cannot be tried here."""

import pathlib
import shutil
import subprocess
import sys
import traceback

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
ROOT = DEPLOY.parent
count, failed = 0, []


class Untried(Exception):
    """What is missing for it."""


def holds(sentence):
    """Runs what it decorates at once, under that sentence."""
    def run(body):
        global count
        count += 1
        try:
            body()
            print(f"ok   {sentence}", flush=True)
        except Untried as missing:
            print(f"SKIPPED: {sentence}: {missing} is not installed", flush=True)
        except Exception as error:  # whatever it is, it is this sentence's failure
            failed.append(sentence)
            place = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL {sentence}\n     {type(error).__name__}: {error}\n     {pathlib.Path(place.filename).name}:"
                  f"{place.lineno}: {place.line}", flush=True)
        return body

    return run


def program(name):
    """Where it is; `Untried` if it is not installed."""
    beside = pathlib.Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise Untried(name)
    return found


def run(*command, **more):
    """What a command printed; a failure with its last words if it failed."""
    more.setdefault("cwd", ROOT)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]
    return done.stdout + done.stderr


def same(got, wanted, what):
    """Two sets that have to be equal."""
    got, wanted = set(got), set(wanted)
    assert got == wanted, f"{what}: only here {sorted(got - wanted)}, only there {sorted(wanted - got)}"
