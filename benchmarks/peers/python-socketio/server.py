"""Event `join` (a room's name), then each `send` goes to everybody in the room as `message`, the sender too."""
import sys

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
rooms = {}


@server.event
async def join(sid, room):
    rooms[sid] = room
    await server.enter_room(sid, room)


@server.event
async def send(sid, payload):
    await server.emit("message", payload, room=rooms.get(sid, sid))


@server.event
async def disconnect(sid):
    rooms.pop(sid, None)


uvicorn.run(socketio.ASGIApp(server), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", backlog=4096)
