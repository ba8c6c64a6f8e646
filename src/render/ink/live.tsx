/**
 * The thin part that Ink does: raw keys in, lines out. What the lines say is decided in `render/live`; nothing here
 * knows of hosts.
 */
import { type Key, Text, useInput, useStdin, useStdout } from 'ink';
import { useEffect, useState } from 'react';

export interface LiveSource {
  /** The frame as it should be on the screen now. */
  text(): string;
  /** Calls back when there is a new frame; gives the way to end it. */
  watch(redraw: () => void): () => void;
  /** A key by its name, see `render/live/keys.ts`. */
  press(key: string): void;
}

export function Live({ source }: { readonly source: LiveSource }) {
  const [text, setText] = useState(() => source.text());
  const { isRawModeSupported } = useStdin();
  const { stdout } = useStdout();
  useEffect(() => {
    const redraw = (): void => setText(source.text());
    const end = source.watch(redraw);
    stdout.on('resize', redraw);
    return () => {
      stdout.off('resize', redraw);
      end();
    };
  }, [source, stdout]);
  const press = (input: string, key: Key): void => {
    for (const name of keyNames(input, key)) source.press(name);
  };
  // Without a terminal on stdin nobody presses keys, and Ink would end the process.
  useInput(press, { isActive: isRawModeSupported });
  return <Text wrap="truncate-end">{text}</Text>;
}

/** What a terminal in raw mode sends for keys that have a name. */
const controls: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u0003': 'ctrl-c',
  '\u001a': 'ctrl-z',
  '\u001b': 'escape',
};

function keyNames(input: string, key: Key): readonly string[] {
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.return) return ['enter'];
  if (key.escape) return ['escape'];
  // Fast fingers and pastes arrive as one piece: two Ctrl-C are two.
  return key.ctrl ? [`ctrl-${input}`] : Array.from(input, (one) => controls[one] ?? one);
}
