/**
 * What people must know of an interface's owner beside a change: two of them, one that has failed, one that leaves it
 * alone, nobody; and what the owner cannot keep. Each with what to do.
 */
import type { Note } from '../task-type.ts';
import { type BootFacts, type Bystander, type Claim, ownerOf } from './boot-facts.ts';
import type { BootRoute } from './network.ts';

const names: Readonly<Record<Claim['manager'], string>> = {
  networkd: 'systemd-networkd',
  netplan: 'netplan',
  networkmanager: 'NetworkManager',
  ifupdown: 'ifupdown',
  ifcfg: 'ifcfg files',
};

export function ownerNotes(device: string, boot: BootFacts | undefined): readonly Note[] {
  if (boot === undefined) return [];
  if (boot.init === 'other') {
    const text =
      'no init system that gwfleet knows runs here: after a restart it is gwfleet apply that sets this again';
    return [{ level: 'info', text }];
  }
  const { claims, bystanders = [] } = ownerOf(boot, device);
  if (claims.length > 1) {
    const owners = claims.map(({ manager }) => names[manager]).join(' and ');
    const ways = claims.map((claim) => `${names[claim.manager]}: ${release(device, claim)}`).join('; ');
    const text = `${device} has two owners, ${owners}: nothing is written for a restart, and what is there stays; take it from one of them (${ways}), then apply again`;
    return [{ level: 'warning', text }];
  }
  if (claims.length === 0) return unowned(device, bystanders);
  return claims
    .filter(({ trouble }) => trouble !== '')
    .map(({ trouble }): Note => ({ level: 'warning', text: `${device}: ${trouble}` }));
}

/** How one of two lets go of the interface for good. */
function release(device: string, { manager, source }: Claim): string {
  switch (manager) {
    case 'networkd':
      return `Unmanaged=yes under [Link] in ${source}`;
    case 'netplan':
      return `take ${device} out of /etc/netplan`;
    case 'networkmanager':
      return `nmcli device set ${device} managed no`;
    case 'ifupdown':
      return `take the stanza of ${device} out of /etc/network/interfaces`;
    case 'ifcfg':
      return `take ifcfg-${device} away`;
  }
}

function unowned(device: string, bystanders: readonly Bystander[]): readonly Note[] {
  const unit = `a unit of gwfleet's own sets this after a restart`;
  if (bystanders.length === 0) return [{ level: 'info', text: `nobody owns ${device}: ${unit}` }];
  return bystanders.map(({ manager, state }): Note => {
    const text = `${device}: ${names[manager]} runs and has it as ${state}, so ${unit}; ${handOver(device, { manager, state })}`;
    return { level: 'warning', text };
  });
}

function handOver(device: string, { manager, state }: Bystander): string {
  if (manager === 'networkd') return 'a .network file that matches it hands it over';
  return state === 'unmanaged'
    ? `nmcli device set ${device} managed yes hands it over`
    : `nmcli device connect ${device} tries again`;
}

/** That the owner's own files lead another way. */
export function routeNotes(wanted: BootRoute, boot: BootFacts | undefined): readonly Note[] {
  const owner = ownerOf(boot, wanted.interface);
  const [claim] = owner.claims;
  if (owner.claims.length > 1) return ownerNotes(wanted.interface, boot);
  if (claim === undefined || claim.manager === 'ifupdown')
    return [...lostWithTheLink(wanted, boot, claim?.manager), ...ownerNotes(wanted.interface, boot)];
  const others = owner.gateways.filter((address) => address !== wanted.via);
  const contestable = claim.manager === 'networkd' || claim.manager === 'netplan';
  if (!contestable || others.length === 0) return ownerNotes(wanted.interface, boot);
  const where = claim.manager === 'netplan' ? '/etc/netplan' : claim.source;
  const rival = others.includes('dhcp') ? 'a lease of DHCP' : others.join(' and ');
  const text = `${where} names another default route (${rival}): gwfleet's unit replaces it at boot, but a reconfigure by ${claim.manager} brings it back until the next apply; take it out there`;
  return [{ level: 'warning', text }, ...ownerNotes(wanted.interface, boot)];
}

/** The kernel drops routes with their link; of the owners, these two do not see that it came back. */
function lostWithTheLink(
  { interface: device }: BootRoute,
  boot: BootFacts | undefined,
  manager: string | undefined,
): readonly Note[] {
  if (boot === undefined || boot.init === 'other') return [];
  const who = manager === undefined ? 'nobody owns it' : `${manager} does not see that`;
  const text = `${device}: a restart brings this route back; after ip link down and up it is gone (${who}) until the next apply`;
  return [{ level: 'info', text }];
}
