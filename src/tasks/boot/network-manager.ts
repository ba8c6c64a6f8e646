/**
 * NetworkManager: its profile is changed by nmcli, never by a keyfile of our own (a wrong mode and the profile is gone).
 * The profile alone is changed, without a reapply: the live state is right already. Labels cannot be kept here.
 */
import { block, type Script, sh } from '../../shell/sh.ts';
import type { BootSetting } from '../task-type.ts';
import type { Profile } from './boot-facts.ts';
import type { BootAddresses, BootRoute } from './network.ts';

/**
 * Nothing where the profile says it already, or where it is not known. `then` is the profile of before the run that is
 * taken back: of the addresses that are ours it gets back exactly those that it had.
 */
export function profileAddresses(
  profile: Profile | undefined,
  { interface: device, addresses, gone }: BootAddresses,
  then: Profile | undefined,
): readonly BootSetting[] {
  if (profile === undefined) return [];
  const cidr = ({ address, prefix }: { address: string; prefix: number }) => `${address}/${prefix}`;
  const had = (text: string): boolean => then?.addresses.includes(text) === true;
  const ours = [...addresses, ...gone].map(cidr);
  const wanted = then === undefined ? addresses.map(cidr) : ours.filter(had);
  const add = wanted.filter((text) => !profile.addresses.includes(text));
  const remove = ours.filter((text) => !wanted.includes(text) && profile.addresses.includes(text));
  if (add.length === 0 && remove.length === 0) return [];
  const write = block(
    ...(add.length === 0 ? [] : [modify(profile.uuid, sh`+ipv4.addresses ${add.join(',')}`)]),
    ...(remove.length === 0 ? [] : [modify(profile.uuid, sh`-ipv4.addresses ${remove.join(',')}`)]),
  );
  const words = [...add.map((text) => `+${text}`), ...remove.map((text) => `-${text}`)].join(' ');
  return [{ name: `profile of ${device}`, to: words, write }];
}

/** An empty `via` takes the gateway out. */
export function profileGateway(
  profile: Profile,
  { interface: device, via }: Pick<BootRoute, 'interface' | 'via'>,
): readonly BootSetting[] {
  if (profile.gateway === via) return [];
  const to = via === '' ? 'no gateway' : `gateway ${via}`;
  return [{ name: `profile of ${device}`, to, write: modify(profile.uuid, sh`ipv4.gateway ${via}`) }];
}

function modify(uuid: string, words: Script): Script {
  return sh`nmcli connection modify ${uuid} ${words} || return 1`;
}
