// GET /room/NAME: each message goes to everybody in the room; elsewhere: `join NAME` first, or an echo.
const { WebSocketServer } = require("ws");

const rooms = new Map();

function join(socket, name) {
  if (!rooms.has(name)) rooms.set(name, new Set());
  socket.room = rooms.get(name);
  socket.room.add(socket);
}

const server = new WebSocketServer({
  host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false, maxPayload: 65536, backlog: 4096,
});
server.on("connection", (socket, request) => {
  if (request.url.startsWith("/room/")) join(socket, request.url.slice(6));
  socket.on("message", (data, isBinary) => {
    const text = data.toString();
    if (!socket.room && text.startsWith("join ")) return join(socket, text.slice(5));
    for (const other of socket.room ?? [socket]) other.send(data, { binary: isBinary });
  });
  socket.on("error", () => {});
  socket.on("close", () => socket.room?.delete(socket));
});
