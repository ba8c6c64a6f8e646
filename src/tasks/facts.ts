/**
 * What gwfleet knows about a host whatever its tasks are: kernel, tools, iptables backends, interfaces, routes, the
 * way in. Read by one probe section; every field that could not be read is empty, and says so by being empty.
 */

export interface InterfaceAddress {
  readonly address: string;
  readonly prefix: number;
  readonly broadcast: string | null;
  readonly label: string;
  /** The kernel's flag: goes when the primary of its subnet goes (unless promote_secondaries). */
  readonly secondary: boolean;
}

export interface NetworkInterface {
  readonly name: string;
  readonly up: boolean;
  /** In the kernel's order: the first is the primary. */
  readonly addresses: readonly InterfaceAddress[];
}

/** The road of the SSH connection that ran the probe, from `SSH_CONNECTION` and `ip route get CLIENT`. */
export interface ManagementPath {
  readonly clientAddress: string;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** The interface that answers to the client leave by; empty when unknown. */
  readonly interface: string;
  /** The next hop towards the client; null when the client is on-link. */
  readonly via: string | null;
  /** The destination of the route that the answers ride on: `default`, `10.0.0.0/8`; empty when unknown. */
  readonly route: string;
}

export interface Facts {
  readonly hostname: string;
  /** `uname -r`. */
  readonly kernel: string;
  /** /proc/sys/kernel/random/boot_id: new at every boot. */
  readonly bootId: string;
  readonly uid: number;
  readonly memoryBytes: number;
  /** Names of the programs that were looked for and found: `iptables-nft`, `arping`, `unshare` ... */
  readonly tools: readonly string[];
  readonly interfaces: readonly NetworkInterface[];
  readonly managementPath: ManagementPath | null;
}
