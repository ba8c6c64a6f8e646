/**
 * A pure function of an object that remembers its answers for as long as the object lives. Hosts that want the same
 * share the arguments of a task (playbook/resolution.ts), and one host's are asked about again and again.
 */
export function remembered<Key extends object, Answer>(work: (key: Key) => Answer): (key: Key) => Answer {
  const answers = new WeakMap<Key, { readonly answer: Answer }>();
  return (key) => {
    const known = answers.get(key) ?? { answer: work(key) };
    answers.set(key, known);
    return known.answer;
  };
}
