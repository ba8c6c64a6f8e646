import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingForLab } from '../../src/lab/preflight.ts';

it('names every tool that is missing and the line that installs them', () => {
  const missing = missingForLab('/nonexistent');
  expect(missing).toContain('sshd is not installed (package openssh-server)');
  expect(missing).toContain('ip is not installed (package iproute2)');
  expect(missing.at(-1)).toMatch(
    /^on Debian: apt-get install --no-install-recommends iproute2 iptables conntrack openssh-server openssh-client util-linux/,
  );
});

it('exits 5 with the reason when the user is not root', () => {
  const program = fileURLToPath(new URL('../lab/lab-program.ts', import.meta.url));
  const argv = [process.execPath, '--import', 'tsx', program, 'lab', 'up', '--name', 'never'];
  const { status, stderr, stdout } = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', ...argv], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
  expect(stderr).toContain('a lab needs root');
});
