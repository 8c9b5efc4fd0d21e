"""Plain WebSocket clients for measuring: many sockets on one thread, no packages.

They speak martlet.v1.json over ws:// only. Of what comes they count frames and bytes; texts are not kept.
"""

import base64
import json
import os
import selectors
import socket
import struct
import urllib.request


def request(method, url, body=None, token=None):
    """One HTTP call; the JSON answer."""
    data = None if body is None else json.dumps(body).encode()
    head = {"Content-Type": "application/json"}
    if token:
        head["Authorization"] = "Bearer " + token
    with urllib.request.urlopen(urllib.request.Request(url, data, head, method=method), timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Client:
    """One socket: connects and signs in by the header, resumes, then counts what it hears."""

    def __init__(self, host, port, token):
        self.socket = socket.create_connection((host, port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET /v1/socket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: martlet.v1.json\r\n"
                f"Authorization: Bearer {token}\r\n\r\n"
            ).encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.socket.recv(4096)
            if not part:
                raise ConnectionError("closed during the handshake")
            head += part
        status, self.buffer = head.split(b"\r\n", 1)[0], head.split(b"\r\n\r\n", 1)[1]
        if b" 101 " not in status + b" ":
            raise ConnectionError(status.decode("latin-1"))
        self.socket.setblocking(False)
        self.events = self.bytes = self.replies = self.refused = 0
        self.number = 0

    def ask(self, operation, data):
        """Sends one frame; the reply is only counted."""
        self.number += 1
        text = json.dumps({"id": str(self.number), "op": operation, "d": data}).encode()
        mask = os.urandom(4)
        length = len(text)
        size = struct.pack("!B", 0x80 | length) if length < 126 else struct.pack("!BH", 0xFE, length)
        repeated = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(text, "big") ^ int.from_bytes(repeated, "big")).to_bytes(length, "big")
        self.socket.sendall(b"\x81" + size + mask + masked)

    def read(self):
        """Takes what has come; False when the other side has closed."""
        try:
            part = self.socket.recv(65536)
        except BlockingIOError:
            return True
        if not part:
            return False
        self.buffer += part
        place = 0
        while len(self.buffer) - place >= 2:
            kind, length, start = self.buffer[place] & 15, self.buffer[place + 1] & 127, place + 2
            if length == 126:
                if len(self.buffer) < start + 2:
                    break
                length, start = struct.unpack_from("!H", self.buffer, start)[0], start + 2
            elif length == 127:
                if len(self.buffer) < start + 8:
                    break
                length, start = struct.unpack_from("!Q", self.buffer, start)[0], start + 8
            if len(self.buffer) < start + length:
                break
            self.take(kind, self.buffer[start : start + length])
            place = start + length
        self.buffer = self.buffer[place:]
        return True

    def take(self, kind, payload):
        if kind == 9:
            self.socket.sendall(b"\x8a\x80" + os.urandom(4))
        elif kind == 1 and payload.startswith(b'{"re"'):
            self.replies += 1
            self.refused += b'"ok":true' not in payload
        elif kind == 1 and b'"seq":' in payload:
            self.events += 1
            self.bytes += len(payload)


class Crowd:
    """Many clients, read together."""

    def __init__(self):
        self.clients = []
        self.lost = 0
        self.selector = selectors.DefaultSelector()

    def add(self, client):
        self.clients.append(client)
        self.selector.register(client.socket, selectors.EVENT_READ, client)

    def poll(self, seconds):
        """Reads what comes within that time, at least once."""
        for key, _ in self.selector.select(max(0, seconds)):
            if not key.data.read():
                self.lost += 1
                self.selector.unregister(key.fileobj)

    def total(self, name):
        return sum(getattr(client, name) for client in self.clients)

    def close(self):
        for client in self.clients:
            client.socket.close()
