/**
 * What decides how a host keeps its state over a restart: the init system, who owns each interface, who loads rules,
 * and which of our boot files lie there. Live state and boot state are separate facts: a plan compares both.
 */

/** Who brings an interface up, and from what. */
export type Manager = 'networkd' | 'netplan' | 'networkmanager' | 'ifupdown' | 'ifcfg';

export interface Claim {
  readonly manager: Manager;
  /** networkd's Network File, NetworkManager's profile UUID; empty elsewhere. */
  readonly source: string;
  /** Behind netplan: who carries it out. Empty elsewhere. */
  readonly renderer: '' | 'networkd' | 'networkmanager';
  /** What is wrong with the claim, in words: `failed`, `its stanza is down`. Empty when all is well. */
  readonly trouble: string;
}

/** A manager that runs and does not have the interface: it leaves it alone, or could not bring it up. */
export interface Bystander {
  readonly manager: 'networkd' | 'networkmanager';
  /** In its own word: `unmanaged`, `disconnected`, `failed`. */
  readonly state: string;
}

export interface InterfaceOwner {
  readonly interface: string;
  /** More than one: two managers, and nobody may write for either. */
  readonly claims: readonly Claim[];
  /** Default gateways that the owner's own files name, ours left out; `dhcp` where a lease brings one. */
  readonly gateways: readonly string[];
  readonly bystanders?: readonly Bystander[];
}

/** Settings of a NetworkManager profile, as `nmcli -g` prints them. */
export interface Profile {
  readonly uuid: string;
  readonly method: string;
  readonly addresses: readonly string[];
  readonly gateway: string;
}

export interface BootFacts {
  readonly init: 'systemd' | 'other';
  readonly owners: readonly InterfaceOwner[];
  /** Units that load rules at boot and are enabled: `netfilter-persistent`, `iptables`. */
  readonly rulesUnits: readonly string[];
  readonly profiles: readonly Profile[];
  /** Of a way back: the profiles as they were before the run that is taken back. */
  readonly profilesThen?: readonly Profile[];
  /** Our files that lie on the host, with their POSIX cksum: `<checksum> <bytes>`. */
  readonly files: readonly { readonly path: string; readonly cksum: string }[];
}

export function ownerOf(boot: BootFacts | undefined, device: string): InterfaceOwner {
  return (
    boot?.owners.find((owner) => owner.interface === device) ?? {
      interface: device,
      claims: [],
      gateways: [],
    }
  );
}
