/**
 * The world outside, run as a program of its own (`dist/lab-internet.js`) in the lab's `internet` namespace. It tells
 * every caller the address it saw: TCP 7 (one line, then echo), UDP 7, HTTP 80 and 443 (plain, both). It says `ready`
 * on stdout once everything listens.
 */
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { internetAddress } from './addressing.ts';

const backlog = 65_535;

const echo = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.write(`${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}\n`);
  socket.pipe(socket);
});

function web(): Server {
  return createHttpServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(request.socket.remoteAddress ?? '?');
  });
}

// Bound to the one address: an answer from 0.0.0.0 would leave with the address of the way out.
const datagrams = createSocket('udp4', (_, peer) => {
  datagrams.send(`${peer.address}:${peer.port}\n`, peer.port, peer.address, () => undefined);
});

await Promise.all([
  listening(echo, 7),
  listening(web(), 80),
  listening(web(), 443),
  new Promise<void>((resolve) => void datagrams.bind(7, internetAddress, resolve)),
]);
process.stdout.write('ready\n');

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '0.0.0.0', backlog }, resolve);
  });
}
