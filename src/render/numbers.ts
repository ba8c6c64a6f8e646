/** Numbers with their units, the same everywhere: `309,657`, `82 %`, `3.1 GiB`. */

export function thousands(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Rounded down: 79.9 % must not read as the 80 % at which something happens. */
export function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<1 %' : `${Math.floor(share * 100 + 1e-9)} %`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let rest = value;
  while (rest >= 1024 && at < units.length - 1) {
    rest /= 1024;
    at += 1;
  }
  const digits = rest < 10 && at > 0 && !Number.isInteger(rest) ? rest.toFixed(1) : String(Math.ceil(rest));
  return `${digits} ${units[at] ?? ''}`;
}

/** `1 gateway`, `2 gateways`. */
export function counted(count: number, one: string): string {
  return `${thousands(count)} ${one}${count === 1 ? '' : 's'}`;
}
