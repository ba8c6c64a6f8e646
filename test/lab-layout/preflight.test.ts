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
