"""What runs beside the measurements: the local cluster, single servers, and Redis masters of our own."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent
# What every node is given besides its defaults: a population signs in and out all day, so the limits for strangers are
# not what is measured; one loop a node, so that its CPU is that of a core.
SETTINGS = {
    "MARTLET_RATE_REGISTER": "off", "MARTLET_RATE_SIGN_IN_ADDRESS": "off", "MARTLET_RATE_SEND": "off",
    "MARTLET_RATE_READ": "off", "MARTLET_RATE_WRITE": "off", "MARTLET_RATE_FAN_OUT": "off", "MARTLET_LOOPS": "1",
}


class Servers:
    """All of them; ended when this is, however it is."""

    def __init__(self, binary, out, port_base, tester):
        self.binary, self.tester, self.out, self.port_base = binary, tester, out, port_base
        self.running = {}
        self.environment = dict(os.environ, **SETTINGS)
        self.data = out / "cluster"
        self.ports = iter(range(port_base + 100, port_base + 4_000))

    def start_cluster(self, sockets=2, apis=2):
        words = [ROOT / "deploy/local/up", "--detach", "--data", self.data, "--port-base", str(self.port_base),
                 "--socket", str(sockets), "--api", str(apis), "--binary", self.binary]
        with open(self.out / "cluster.log", "a") as log:
            done = subprocess.run(words, env=self.environment, stdout=log, stderr=log)
        if done.returncode:
            raise RuntimeError(f"the cluster does not start; see {self.out / 'cluster.log'}")
        return ["--cluster", str(self.data / "cluster.json")]

    def stop_cluster(self):
        subprocess.run([ROOT / "deploy/local/down", "--data", self.data], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def cluster(self):
        return json.loads((self.data / "cluster.json").read_text())

    def start(self, name, words, port, environment=None, cores=None):
        """Starts a process of our own, on those cores if any are named, and waits until something listens there."""
        with open(self.out / f"{name}.log", "a") as log:
            process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log,
                                       env=environment or self.environment, preexec_fn=cores and keeping_to(cores))
        self.running[name] = process
        for _ in range(300):
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended at once; see {log.name}")
            if listens(port):
                return process.pid
            time.sleep(0.1)
        raise RuntimeError(f"{name} does not listen on {port}")

    def stop(self, name):
        process = self.running.pop(name, None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def end(self):
        for name in list(self.running):
            self.stop(name)
        self.stop_cluster()


def halves():
    """The core of a server that is measured alone, and those of its tester; of one core nobody is kept out.

    Else the system moves both about, and a delivery costs what that costs: the ratio of two servers that do the same
    differs by a third from run to run. performance.md measured its table so.
    """
    cores = sorted(os.sched_getaffinity(0))
    return ({cores[0]}, set(cores[1:])) if len(cores) > 1 else (None, None)


def keeping_to(cores):
    return lambda: os.sched_setaffinity(0, cores)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    except OSError:
        return False


def metric(url, name):
    """A node's values of a metric, one for each set of its labels."""
    page = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url + "/metrics", timeout=10).read().decode()
    return [float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE)]


def run_bench(servers, scenario, result, where, wire, more=(), cores=None):
    """One measurement, by a tester on those cores if any are named; its result, or why there is none."""
    words = [servers.tester, "bench", HERE / "scenarios" / f"{scenario}.json", *where, "--wire", wire, "--json", result,
             "--sources", "127.0.0.2-127.0.0.60", "--keep", servers.out / "population", *more]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=servers.environment,
                          preexec_fn=cores and keeping_to(cores))
    # 3 is a result, too: deliveries were lost, or sockets missing, and the report says so.
    if done.returncode not in (0, 3):
        lines = done.stderr.strip().split("\n")
        # Asked for wrongly: the sentence, then the usage; else progress, then the sentence.
        raise RuntimeError((lines[0] if done.returncode == 2 else lines[-1])[-300:])
    return json.loads(pathlib.Path(result).read_text())
