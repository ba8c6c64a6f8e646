/** Columns of text, each as wide as its widest cell. Cells are plain; colour is put on whole lines afterwards. */

export interface Column {
  readonly title: string;
  readonly side: 'left' | 'right';
}

/** The title line, then one line a row. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  return lines.map((line) =>
    columns
      .map(({ side }, at) => {
        const [cell, width] = [line[at] ?? '', widths[at] ?? 0];
        return side === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
