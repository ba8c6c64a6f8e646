/**
 * How much is gone through while something runs: every method of lists, maps, sets and texts that walks or looks up
 * counts what it walks over. No clock, so it says the same on every machine.
 */
const walks: readonly (readonly [object, readonly PropertyKey[]])[] = [
  [
    Array.prototype,
    [
      ...['map', 'filter', 'flatMap', 'find', 'findIndex', 'some', 'every', 'reduce', 'forEach', 'includes'],
      ...['indexOf', 'join', 'slice', 'toSorted', 'sort', 'concat', 'keys', 'entries', Symbol.iterator],
    ],
  ],
  [Map.prototype, ['get', 'has', 'set', 'entries', 'values', 'keys']],
  [Set.prototype, ['has', 'add']],
  [String.prototype, ['split', 'replaceAll', 'includes', 'indexOf', 'startsWith']],
];

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

export async function countedWork(run: () => Promise<void>): Promise<number> {
  let work = 0;
  const restore = walks.flatMap(([owner, names]) =>
    names.map((name) => {
      const [slot, own] = [
        owner as Record<PropertyKey, unknown>,
        Object.getOwnPropertyDescriptor(owner, name),
      ];
      const method = own?.value as Method;
      const looksUp =
        owner === Map.prototype ? ['get', 'has', 'set'].includes(String(name)) : owner !== Array.prototype;
      slot[name] = function counted(
        this: { readonly length?: number; readonly size?: number },
        ...args: unknown[]
      ) {
        work += looksUp ? 1 : (this.length ?? this.size ?? 1);
        return method.apply(this, args);
      };
      return () => Object.defineProperty(owner, name, own ?? {});
    }),
  );
  try {
    await run();
    return work;
  } finally {
    for (const one of restore) one();
  }
}
