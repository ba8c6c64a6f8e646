/**
 * How many webservers each gateway should carry: in proportion to its pool, those pinned to it counted in. A gateway
 * with more pins than its share gets no others, and the rest share what is left.
 */

export interface Carrier {
  readonly weight: number;
  /** Webservers that it carries in any case. */
  readonly load: number;
}

/** The exact, unrounded number of further webservers for each carrier. They sum up to `count`. */
export function shares(count: number, carriers: readonly Carrier[]): readonly number[] {
  let open = carriers.map((_, index) => index);
  for (;;) {
    const weight = sum(open.map((index) => carriers[index]?.weight ?? 0));
    const total = count + sum(open.map((index) => carriers[index]?.load ?? 0));
    // Multiplied before divided: exact wherever the share is a whole number.
    const share = ({ weight: own, load }: Carrier): number => (total * own) / weight - load;
    const still = open.filter((index) => share(carriers[index] ?? nobody) >= 0);
    if (still.length === open.length) {
      const sharing = new Set(open);
      return carriers.map((carrier, index) => (sharing.has(index) ? share(carrier) : 0));
    }
    open = still;
  }
}

const nobody: Carrier = { weight: 0, load: 0 };

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
