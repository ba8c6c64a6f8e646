// Makes V8's compiled code of the bundle (bin/bundle.js), one file for commands that only read files and one for those
// that go to hosts: what a command of each kind runs is run here once. The host is a server in this process that takes
// the key of this build and says nothing to any script. `node compiled-code.config.js files|hosts`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import bundle from './bin/bundle.js';

const { cacheFiles, openBundle } = bundle;
const kind = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'gwfleet-build-'));
// Nothing of whoever builds: no runs, no ssh_config.
Object.assign(process.env, { HOME: folder, XDG_STATE_HOME: folder });
const { script, run } = openBundle(kind);
const commands =
  kind === 'hosts'
    ? [['plan', await inventoryOfSilentHosts(), '--diff', 'full']]
    : [['--help'], ['validate', 'inventories/lab.yaml'], ['inventory', 'inventories/lab.yaml', '--list']];
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const words of commands) {
  process.argv = [process.execPath, 'gwfleet', ...words];
  run();
  await new Promise((resolve) => setImmediate(() => process.once('beforeExit', resolve)));
}
writeFileSync(cacheFiles[kind], script.createCachedData());
process.exit(0);

async function inventoryOfSilentHosts() {
  const [own, login] = [1, 2].map(() => ssh2.utils.generateKeyPairSync('ed25519'));
  const port = await silentHost(own.private);
  const file = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const known = file('known_hosts', `[127.0.0.1]:${port} ${own.public}\n`);
  return file(
    'inventory.yaml',
    `all:
  vars:
    ansible_host: 127.0.0.1
    ansible_port: ${port}
    ansible_user: nobody
    ansible_ssh_private_key_file: ${file('key', login.private)}
    ansible_ssh_common_args: -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes
gateways: { hosts: { gw1: { internal_address: 10.0.0.1, snat_pool: 203.0.113.10-203.0.113.15 } } }
webservers: { hosts: { web1: {} } }
`,
  );
}

function silentHost(hostKey) {
  const ssh = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (login) => login.accept());
    client.on('session', (accept) =>
      accept().on('exec', (take) => {
        const channel = take();
        channel.resume().once('end', () => {
          channel.exit(0);
          channel.end();
        });
      }),
    );
  });
  const server = createServer((socket) => ssh.injectSocket(socket)).unref();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}
