/** Host keys as lines in columns: whose, of which type, which fingerprint. */
import { visibleLine } from './visible.ts';

export interface HostKeyRow {
  /** As in known_hosts. */
  readonly name: string;
  /** The hosts of the inventory that are entered there or through there. */
  readonly hosts: readonly string[];
  readonly way: 'host' | 'jump';
  readonly type: string;
  readonly fingerprint: string;
  readonly state: 'known' | 'unknown' | 'changed' | 'revoked';
  readonly remark?: string;
}

export function hostKeyLines(rows: readonly HostKeyRow[]): readonly string[] {
  const cells = rows.map((row) => [whose(row), row.name, row.type, row.fingerprint].map(visibleLine));
  const widths = [0, 1, 2].map((column) => Math.max(0, ...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line, index) => {
    const remark = rows[index]?.remark;
    const columns = line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    return remark === undefined ? columns : `${columns}  ${visibleLine(remark)}`;
  });
}

function whose({ hosts, way }: HostKeyRow): string {
  const named = hosts.length > 2 ? `${hosts[0]} and ${hosts.length - 1} more` : hosts.join(' ');
  return way === 'jump' ? `jump host of ${named}` : named;
}
