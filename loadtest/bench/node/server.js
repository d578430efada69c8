// Socket.IO as Node.js serves it: every client is in one room, and a line on standard input says what to publish there.
// node server.js PARSER PAYLOAD   (PARSER: json or msgpack; PAYLOAD: the event's argument as JSON, its `ts` is the line)
"use strict";
const http = require("http");
const readline = require("readline");
const { Server } = require("socket.io");

const [parser, payload] = [process.argv[2], JSON.parse(process.argv[3])];
const options = { transports: ["websocket"], perMessageDeflate: false, serveClient: false };
if (parser === "msgpack") options.parser = require("socket.io-msgpack-parser");

const server = http.createServer();
const live = new Server(server, options).of("/live");
live.on("connection", (socket) => socket.join("live:7"));
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  payload.ts = Number(line.split(" ")[1]);
  live.to("live:7").emit("tick", payload);
}).on("close", () => process.exit(0));
server.listen(0, "127.0.0.1", 4096, () => process.stdout.write(`${server.address().port}\n`));
