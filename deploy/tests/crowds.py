"""People who ask, say and listen, many at once; by sockets alone, so that no library gets tired first."""

import contextlib
import json
import selectors
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

PASSWORD = "a long word for each of them"


class People:
    """Ada, Bob, and conversations of theirs."""

    def __init__(self, cluster, conversations=4):
        self.cluster = cluster
        for name in ("ada", "bob"):
            self.post("/v1/users", {"username": name, "password": PASSWORD})
        self.ada, self.bob = (self.post("/v1/sessions", {"username": name, "password": PASSWORD})[1]["access_token"]
            for name in ("ada", "bob"))
        bob = json.loads(self.ask("/v1/users/me", self.bob)[1])["id"]
        self.conversations = [self.post("/v1/conversations", {"kind": "group", "title": f"Room {place}",
            "members": [bob]}, self.ada)[1]["id"] for place in range(conversations)]

    def ask(self, path, token=None, body=None):
        """The status and the text of the answer."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.cluster.nodes["api"]["url"] + path, body, headers)
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=20) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def post(self, path, body, token=None):
        status, text = self.ask(path, token, json.dumps(body).encode())
        return status, json.loads(text)

    def say(self, text="Hello.", at=0):
        return self.post(f"/v1/conversations/{self.conversations[at]}/messages", {"text": text}, self.ada)[0]

    def page(self):
        """A request for a page of history, as it goes over the wire."""
        return (f"GET /v1/conversations/{self.conversations[0]}/messages HTTP/1.1\r\nHost: a\r\n"
                f"Authorization: Bearer {self.ada}\r\n\r\n").encode()

    def long_message(self):
        """A request to store one, as it goes over the wire."""
        body = json.dumps({"text": "x" * 16_000})
        return (f"POST /v1/conversations/{self.conversations[0]}/messages HTTP/1.1\r\nHost: a\r\nContent-Type: "
                f"application/json\r\nContent-Length: {len(body)}\r\nAuthorization: Bearer {self.ada}\r\n\r\n"
                f"{body}").encode()

    def talking(self, pause=0.1):
        """Ada says something in each conversation again and again, until the body is done."""
        def talk():
            for place in range(len(self.conversations)):
                with contextlib.suppress(OSError, ValueError):
                    self.say(at=place)

        return repeating(talk, pause)

    @contextlib.contextmanager
    def listening(self, count=1):
        """Bob listens, on so many devices; their processes."""
        command = [self.cluster.martlet, "listen", self.cluster.nodes["socket"]["url"], self.bob]
        ears = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(count)]
        try:
            yield ears
        finally:
            for ear in ears:
                ear.kill()
                ear.wait()

    @contextlib.contextmanager
    def dawdling(self, count):
        """Bob listens on so many devices, and reads a few bytes now and then: who reads nothing is soon cut off."""
        resume = json.dumps({"id": "1", "op": "resume", "d": {}}).encode()
        head = ("GET /v1/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                f"Sec-WebSocket-Protocol: martlet.v1.json\r\nAuthorization: Bearer {self.bob}\r\n\r\n").encode()
        ears = []
        for _ in range(count):
            ear = socket.socket()
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
            ear.connect(("127.0.0.1", self.cluster.port("socket")))
            ear.sendall(head)
            assert b" 101 " in ear.recv(200)
            ear.sendall(bytes([0x81, 0x80 | len(resume), 0, 0, 0, 0]) + resume)
            ear.setblocking(False)
            ears.append(ear)

        def dawdle():
            for ear in ears:
                with contextlib.suppress(OSError):
                    ear.recv(2_000)

        try:
            with repeating(dawdle, 0.2):
                yield
        finally:
            for ear in ears:
                ear.close()


@contextlib.contextmanager
def repeating(action, pause):
    """Does something again and again beside the body, with so many seconds between, until that is done."""
    over = threading.Event()

    def repeat():
        while not over.wait(pause):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def asking(port, request, count):
    """So many connections that each ask the same again as soon as they have an answer, until the body is done."""
    with contextlib.ExitStack() as stack:
        chosen = stack.enter_context(selectors.DefaultSelector())

        def connect():
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(request)
            chosen.register(connection, selectors.EVENT_READ)

        def ask():
            for key, _ in chosen.select(0.1):
                try:
                    if key.fileobj.recv(1 << 16):
                        key.fileobj.sendall(request)
                        continue
                except OSError:
                    pass
                chosen.unregister(key.fileobj)
                key.fileobj.close()
                time.sleep(0.01)
                connect()

        for _ in range(count):
            connect()
        with repeating(ask, 0):
            yield
