/**
 * A farm of SSH servers in a process of its own: connections, key exchange, logins and execs are real, one address of
 * the loopback network for each host; only what the hosts answer is not their own (real-host.ts).
 */
import { createServer } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { type FarmHost, farmHosts, farmPort } from './fleet-files.ts';
import { type Answers, answersOf } from './real-host.ts';

export interface FarmOrder {
  readonly hosts: number;
  readonly lab: string;
  /** PEM of the hosts' key, and the public key in OpenSSH's format that lets in. */
  readonly hostKey: string;
  readonly clientKey: string;
  /** Webserver -> inside address of its gateway. */
  readonly hops: Readonly<Record<string, string>>;
}

export interface FarmCounts {
  readonly connections: number;
  readonly execs: number;
  readonly asked: number;
}

/** The farm's process: takes its order by message, says `ready`, and its counts whenever it is asked. */
export function runFarm(): void {
  process.once('message', (order) => void open(order as FarmOrder));
  process.once('disconnect', () => process.exit(0));
}

async function open(order: FarmOrder): Promise<void> {
  const counts = { connections: 0, execs: 0 };
  const answers = answersOf(order.lab);
  const allowed = firstKey(order.clientKey);
  const listening = farmHosts(order.hosts).map((host) => {
    const server = new ssh2.Server({ hostKeys: [order.hostKey] }, (client) => {
      counts.connections += 1;
      serve(client, allowed, (channel) => {
        counts.execs += 1;
        converse(channel, host, order, answers);
      });
    });
    return new Promise<void>((resolve, reject) => {
      createServer({ noDelay: true }, (socket) => server.injectSocket(socket))
        .once('error', reject)
        .listen(farmPort, host.address, 1024, resolve);
    });
  });
  await Promise.all(listening);
  process.on('message', () => process.send?.({ ...counts, asked: answers.asked() } satisfies FarmCounts));
  process.send?.('ready');
}

function serve(client: Connection, allowed: ssh2.ParsedKey, exec: (channel: ServerChannel) => void): void {
  client.on('error', () => undefined);
  client.on('authentication', (login) => {
    if (login.method !== 'publickey' || !login.key.data.equals(allowed.getPublicSSH()))
      login.reject(['publickey']);
    else if (login.signature === undefined || login.blob === undefined) login.accept();
    else {
      // The declared type does not know that a broken signature gives an error, which is no `true`.
      const proof: unknown = allowed.verify(login.blob, login.signature, login.hashAlgo);
      if (proof === true) login.accept();
      else login.reject(['publickey']);
    }
  });
  client.on('session', (accept) => {
    accept().on('exec', (take) => exec(take()));
  });
}

/** Reads one order as a sh behind `door` reads it (remote/order.ts): to the line that closes its braces. */
function converse(channel: ServerChannel, host: FarmHost, { hops }: FarmOrder, answers: Answers): void {
  const chunks: Buffer[] = [];
  const reply = async (): Promise<void> => {
    const script = Buffer.concat(chunks).toString();
    const { stdout, stderr, code } = await answers.answer(
      host,
      hops[host.name] ?? '',
      script.slice(script.indexOf('\n') + 1),
    );
    channel.write(stdout);
    channel.stderr.write(stderr);
    channel.exit(code);
    channel.end();
  };
  channel.on('error', () => undefined);
  // A bare command, as parallel-ssh has it, ends its input without a word.
  channel.on('end', () => {
    if (chunks.length > 0) return;
    channel.exit(0);
    channel.end();
  });
  channel.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (endsOrder(chunks)) void reply();
  });
}

function endsOrder(chunks: readonly Buffer[]): boolean {
  const last = Buffer.concat(chunks.slice(-2)).subarray(-300).toString('latin1');
  return /\n\}; (?:exit|gwfleet=)[^\n]*\n$/.test(last);
}

export function firstKey(text: string): ssh2.ParsedKey {
  const parsed: unknown = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) throw parsed;
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ssh2.ParsedKey;
}
