/**
 * Sysctls through /proc/sys, without the sysctl program: `sysctl -w` exits with 0 over EINVAL, so every value is read
 * back after it was written. A name is kept as a path below /proc/sys, since the dots of `eth0.100` are not slashes.
 */
import type { Output } from '../shell/frames.ts';
import { block, type Script, sh, subshell } from '../shell/sh.ts';

/** Values by canonical key (see sysctlKey), white space folded to single blanks. */
export type SysctlValues = Readonly<Record<string, string>>;

const part = /^[A-Za-z0-9_@:~+-][A-Za-z0-9_.@:~+-]*$/;

/**
 * The one spelling of a sysctl's name, or undefined for what cannot be one. As sysctl(8) reads it: the first separator
 * decides, and in the dotted form a slash stands for a dot inside a part (`net.ipv4.conf.eth0/100.rp_filter`).
 */
export function sysctlKey(name: string): string | undefined {
  const parts = partsOf(name);
  if (parts.length < 2 || !parts.every((text) => part.test(text))) return undefined;
  return parts.map((text) => text.replaceAll('.', '/')).join('.');
}

export function sysctlPath(key: string): string {
  return `/proc/sys/${partsOf(key).join('/')}`;
}

/** `32768\t60999\n` and `32768 60999` are the same value. */
export function foldedValue(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** Prints `PATH:VALUE` for each that is there: one fork however many there are, none that is not there fails it. */
export function valuesProbe(keys: readonly string[]): Script {
  return sh`grep -s '' /dev/null ${keys.map(sysctlPath)} || :`;
}

/** What valuesProbe printed; a key that is not there is not in it. */
export function readValues(output: Output, keys: readonly string[]): SysctlValues {
  const wanted = new Map(keys.map((key) => [sysctlPath(key), key]));
  const values: Record<string, string> = {};
  for (const line of output.stdout.split('\n')) {
    const colon = colonBehind(wanted, line);
    if (colon < 0) continue;
    const key = wanted.get(line.slice(0, colon)) ?? '';
    values[key] = foldedValue(`${values[key] ?? ''} ${line.slice(colon + 1)}`);
  }
  return values;
}

/** No path of ours holds `:/`, but a part may hold a colon, so the known paths are looked for, shortest first. */
function colonBehind(paths: ReadonlyMap<string, string>, line: string): number {
  let colon = line.indexOf(':');
  while (colon >= 0 && !paths.has(line.slice(0, colon))) colon = line.indexOf(':', colon + 1);
  return colon;
}

/** Writes in the given order, reads each back, and ends at the first that the kernel did not take. */
export function written(values: readonly (readonly [key: string, value: string])[]): Script {
  if (values.length === 0) return sh``;
  return subshell(
    block(
      sh`
gwfleet_put() {
  printf '%s\n' "$3" 2>/dev/null >"$2" || :
  got=$(tr -s '[:space:]' ' ' <"$2") || got=
  if [ "$got" = "$3 " ] || [ "$got" = "$3" ]; then return 0; fi
  printf 'gwfleet: the kernel does not take %s for %s, it is %s\n' "$3" "$1" "$got" >&2
  exit 1
}`,
      ...values.map(([key, value]) => sh`gwfleet_put ${key} ${sysctlPath(key)} ${value}`),
    ),
  );
}

function partsOf(name: string): readonly string[] {
  const [separator] = /[./]/.exec(name) ?? [];
  if (separator === '/') return name.split('/');
  return name.split('.').map((text) => text.replaceAll('/', '.'));
}
