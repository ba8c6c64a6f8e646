/**
 * Whether somebody else on the wire answers for addresses that a host is to have: duplicate address detection (RFC
 * 5227), before the first packet leaves under them. Also right for addresses that the host has already: it does not
 * hear itself.
 */
import { type Script, sh } from '../shell/sh.ts';

export interface AddressOwners {
  /** Addresses that somebody else answers for, and whose they are: a MAC address, or empty when it was not told. */
  readonly taken: readonly { readonly address: string; readonly owner: string }[];
  /** Why it could not be asked, or undefined. */
  readonly unasked: string | undefined;
}

/** iputils' arping only: the other program of that name means something else by -D. */
export function addressOwnersScript(mark: string, device: string, addresses: readonly string[]): Script {
  return sh`mark=${mark}
case $(arping -V 2>&1) in
*iputils*)
for address in ${addresses}; do
( said=$(arping -D -c 2 -w 3 -I ${device} "$address" 2>&1); code=$?
owner=$(echo "$said" | sed -n 's/.*reply from [^[]*\[\([^]]*\)\].*/\1/p' | head -n 1)
if [ -n "$owner" ]; then printf '%s taken %s %s\n' "$mark" "$address" "$owner"
elif [ "$code" -gt 1 ]; then printf '%s unasked %s\n' "$mark" "$(echo "$said" | tail -n 1)"; fi ) &
done
wait ;;
*) printf '%s unasked arping of iputils is not installed: apt install iputils-arping\n' "$mark" ;;
esac </dev/null
printf '%s asked\n' "$mark"`;
}

/** Undefined: what came back is not the end of such a look. */
export function readAddressOwners(mark: string, stdout: string): AddressOwners | undefined {
  const lines = stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${mark} `) ? [line.slice(mark.length + 1)] : []));
  if (!lines.includes('asked')) return undefined;
  return {
    taken: lines.flatMap((line) => {
      const [word, address = '', owner = ''] = line.split(' ');
      return word === 'taken' ? [{ address, owner: owner.toLowerCase() }] : [];
    }),
    unasked: lines.find((line) => line.startsWith('unasked '))?.slice(8),
  };
}
