/**
 * ifupdown: one hook in /etc/network/if-up.d, which runs after the owner's stanza has set the address. A stanza of our
 * own would run before it (Debian sources interfaces.d first) and can lock the host out. It must end with 0.
 */
import { sh } from '../../shell/sh.ts';
import type { BootFile } from '../task-type.ts';

/** `commands` are ready shell lines of our own making: addresses and device names, checked by their schemas. */
export function hook(what: string, device: string, commands: readonly string[]): BootFile {
  // run-parts leaves out every file with another character in its name.
  const path = `/etc/network/if-up.d/gwfleet-${what}-${device.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
  const content = `#!/bin/sh
# Written by gwfleet.
[ "$IFACE" = ${sh`${device}`.text} ] || exit 0
case $ADDRFAM in inet|NetworkManager) ;; *) exit 0 ;; esac
${commands.join('\n')}
exit 0
`;
  return { path, mode: 0o755, content, check: sh`sh -n "$gwfleet_new" && ifquery ${device} >/dev/null` };
}
