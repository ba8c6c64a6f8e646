/**
 * Which webservers look through which gateways: a few for each, different ones where there are enough, the same ones
 * every time. From the names alone, so two watches of one inventory ask the same hosts.
 */

/** More would not know better, and each costs a connection and a look a round. */
const mostWatchers = 3;

/** Gateway -> its watchers. */
export function chooseWatchers(
  gateways: readonly string[],
  webservers: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const load = new Map(webservers.map((name) => [name, 0]));
  const chosen = new Map<string, readonly string[]>();
  for (const gateway of gateways) {
    const watchers = webservers
      // A stable sort: the least asked first, in inventory order among equals.
      .toSorted((one, other) => (load.get(one) ?? 0) - (load.get(other) ?? 0))
      .slice(0, mostWatchers);
    for (const name of watchers) load.set(name, (load.get(name) ?? 0) + 1);
    chosen.set(gateway, watchers);
  }
  return chosen;
}
