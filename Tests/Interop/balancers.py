"""The configurations of deploy/haproxy and deploy/nginx before the nodes of a cluster, in directories of their own."""

import asyncio
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

from wire import ask

DEPLOY = pathlib.Path(__file__).resolve().parent / "../../deploy"
# Behind what is here, which has the same names.
sys.path.append(str(DEPLOY / "tests"))
from ports import free_port  # noqa: E402

HAPROXY, NGINX = "haproxy", "nginx"
PROGRAMS = {name: shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
            for name in (HAPROXY, NGINX)}


class Balancer:
    """One of them, with and without TLS, for as long as its block lasts."""

    def __init__(self, program, sticky, cluster):
        self.program, self.sticky, self.cluster = program, sticky, cluster
        self.port, self.tls_port, self.other_port, self.statistics = (free_port() for _ in range(4))

    @property
    def with_tls_only(self):
        """The same nodes at a plain port that sends clients to TLS."""
        return type("Place", (), {"port": self.other_port})

    async def __aenter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="edge."))
        self.certificate = self.directory / "chain.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.directory / "key.pem", "-out",
            self.certificate], check=True, capture_output=True)
        self.processes = []
        for command, environment in getattr(self, self.program)():
            log = open(self.directory / f"log{len(self.processes)}", "wb")
            self.processes.append(subprocess.Popen([PROGRAMS[self.program], *command], env=environment, stdout=log,
                stderr=log))
        try:
            await self.begins()
        except AssertionError:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                await asyncio.to_thread(process.wait, 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    async def begins(self):
        for _ in range(200):
            with contextlib.suppress(OSError, Exception):
                _, writer = await asyncio.open_connection("127.0.0.1", self.tls_port)
                writer.close()
                if (await ask(self, "GET", "/openapi.json")).status == 200 and \
                        (await ask(self, "GET", "/v1/socket")).status == 426:
                    return
            await asyncio.sleep(0.05)
        logs = "".join(path.read_text() for path in self.directory.glob("log*"))
        raise AssertionError(f"{self.program} does not serve: {logs[-1000:]}")

    @property
    def pids(self):
        """Its processes, and those that they have made to serve."""
        pids = [process.pid for process in self.processes]
        made = [pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in pids]
        return [*pids, *(int(pid) for children in made for pid in children)]

    def servers(self, role):
        return [(f"{role}-{number}", node.port) for number, node in enumerate(getattr(self.cluster, role), 1)]

    def haproxy(self):
        """One process that serves without TLS, and one that insists on it."""
        def section(name, role, *more):
            servers = [f"server {server} 127.0.0.1:{port}" for server, port in self.servers(role)]
            return "\n    ".join([f"backend {name} from {name}", *more, *servers]) + "\n"

        own = ["use-server %[urlp(sid),field(1,.)] if { urlp(sid) -m found }"] if self.sticky else []
        (self.directory / "backends.cfg").write_text(
            section("api", "api") + section("socket", "socket") + section("socketio", "socket", *own))
        pem = self.directory / "site.pem"
        pem.write_bytes(self.certificate.read_bytes() + (self.directory / "key.pem").read_bytes())
        command = ["-db", "-f", DEPLOY / "haproxy/haproxy.cfg", "-f", self.directory / "backends.cfg"]
        common = {"EDGE_CONNECTIONS": "1000"}
        plain = {"EDGE_BIND": f"127.0.0.1:{self.port}", "EDGE_STATISTICS": f"127.0.0.1:{self.statistics}"}
        secure = {"EDGE_BIND": f"127.0.0.1:{self.other_port}", "EDGE_STATISTICS": f"127.0.0.1:{free_port()}",
            "EDGE_TLS_BIND": f"127.0.0.1:{self.tls_port}", "EDGE_CERTIFICATES": str(pem)}
        return [(command, {**common, **plain}), (command, {**common, **secure})]

    def nginx(self):
        def upstream(name, role, *more):
            servers = [f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for _, port in self.servers(role)]
            return f"upstream martlet_{name} {{ {' '.join([*more, *servers])} }}\n"

        for path in (DEPLOY / "nginx").glob("martlet*.conf"):
            shutil.copy(path, self.directory)
        (self.directory / "upstreams.conf").write_text(
            upstream("api", "api") + upstream("socket", "socket", "least_conn;") + upstream("socketio", "socket", *(["ip_hash;"] if self.sticky else [])))
        (self.directory / "listen.conf").write_text(
            f"listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl http2;\n"
            f"ssl_certificate chain.pem; ssl_certificate_key key.pem;\n")
        temporary = "".join(f"{kind}_temp_path {self.directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.directory / "nginx.conf").write_text(
            f"daemon off; pid {self.directory}/pid; error_log stderr;\nevents {{ worker_connections 1000; }}\n"
            f"http {{ access_log off; {temporary} include upstreams.conf; include martlet.conf; }}\n")
        return [(["-p", self.directory, "-c", self.directory / "nginx.conf"], {})]
