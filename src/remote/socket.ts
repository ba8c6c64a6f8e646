/**
 * A TCP connection of our own to hand to the SSH library: with a limit on connecting and without Nagle's algorithm,
 * which costs an SSH login two stalls of 40 ms.
 */
import { connect, type Socket } from 'node:net';
import type { ConnectFailure } from './remote.ts';

export async function openSocket(
  { address, port }: { address: string; port: number },
  { connectTimeoutSeconds, signal }: { connectTimeoutSeconds: number; signal?: AbortSignal | undefined },
): Promise<Socket | ConnectFailure> {
  const where = `${address} port ${port}`;
  return await new Promise((resolve) => {
    const socket = gathering(connect({ host: address, port, noDelay: true }));
    const give = (result: Socket | ConnectFailure) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
      if (result !== socket) socket.destroy();
      resolve(result);
    };
    const interrupt = () =>
      give({ kind: 'unreachable', message: `connecting to ${where} was interrupted here` });
    const timer = setTimeout(() => {
      const message = `${where} did not answer within ${connectTimeoutSeconds} s`;
      give({ kind: 'timed-out', message, hint: hints.silent });
    }, connectTimeoutSeconds * 1000);
    // Stays for good: a reset of an idle connection must not become an uncaught exception.
    socket.on('error', (error) => give(socketFailure(where, error)));
    socket.once('connect', () => give(socket));
    if (signal?.aborted === true) interrupt();
    else signal?.addEventListener('abort', interrupt);
  });
}

/** The library writes length, body and check of a packet one by one: what one turn of the loop wrote leaves together. */
function gathering(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...words: unknown[]) => boolean;
  let gathers = false;
  socket.write = (...words: unknown[]) => {
    if (!gathers) {
      gathers = true;
      socket.cork();
      process.nextTick(() => {
        gathers = false;
        socket.uncork();
      });
    }
    return write(...words);
  };
  return socket;
}

/** What an error of a socket means for the user. */
export function socketFailure(where: string, error: Error): ConnectFailure {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'EMFILE' || code === 'ENFILE') {
    return {
      kind: 'unreachable',
      message: `this machine has too many open files to connect to ${where}`,
      hint: 'raise `ulimit -n` or lower --forks',
    };
  }
  if (code === 'ETIMEDOUT')
    return { kind: 'timed-out', message: `${where} did not answer`, hint: hints.silent };
  const hint = hintFor(code);
  const message = `cannot reach ${where}: ${reasons[code] ?? error.message}`;
  return { kind: 'unreachable', message, ...(hint !== undefined && { hint }) };
}

const hints = {
  silent: 'is it up, and does no firewall drop us on the way?',
  nowhere: 'is it up, and is its address right (ansible_host)? try it by hand: ssh HOST',
  refused: 'does sshd run there, and on this port (ansible_port)?',
  name: 'check ansible_host; without it the name in the inventory is looked up',
  nameServer: 'check /etc/resolv.conf here, or write an address into ansible_host',
};

function hintFor(code: string): string | undefined {
  if (code === 'ECONNREFUSED') return hints.refused;
  if (code === 'ENOTFOUND') return hints.name;
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'].includes(code)) return hints.nowhere;
  return code === 'EAI_AGAIN' ? hints.nameServer : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused (nobody listens there)',
  ECONNRESET: 'connection reset by the host',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EHOSTDOWN: 'host is down',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EACCES: 'refused by a rule of this machine',
  EPERM: 'refused by a rule of this machine',
};
