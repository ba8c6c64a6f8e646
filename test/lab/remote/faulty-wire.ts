/** A TCP proxy that does to a connection what networks do: cuts it, swallows it, keeps it waiting. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface FaultyWire {
  readonly port: number;
  /** Connections accepted so far. */
  readonly count: () => number;
  /** RST to both ends of all present connections. */
  reset(): void;
  /** From now on nothing passes, and nobody is told. */
  swallow(): void;
  close(): Promise<void>;
}

export interface WireOptions {
  /** How many first connections are reset before a byte passes. */
  readonly resetFirst?: number;
  /** Accepts and then says nothing at all. */
  readonly mute?: boolean;
}

export async function openWire(target: number, options: WireOptions = {}): Promise<FaultyWire> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((near) => {
    count += 1;
    keep(sockets, near);
    if (options.mute === true) return;
    if (count <= (options.resetFirst ?? 0)) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    keep(sockets, far);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    count: () => count,
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    swallow: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
}
