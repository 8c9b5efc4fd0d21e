"""Event `join` (a room's name), then each `send` goes to everybody in the room as `message`, the sender too."""
import sys

import eventlet

eventlet.monkey_patch()

from flask import Flask, request  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

application = Flask(__name__)
server = SocketIO(application, async_mode="eventlet", cors_allowed_origins="*")
rooms = {}


@server.on("join")
def join(room):
    rooms[request.sid] = room
    join_room(room)


@server.on("send")
def send(payload):
    emit("message", payload, room=rooms.get(request.sid, request.sid))


@server.on("disconnect")
def disconnect(*_):
    rooms.pop(request.sid, None)


server.run(application, host="127.0.0.1", port=int(sys.argv[1]))
