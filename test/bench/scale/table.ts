/** Costs -> Markdown for the README, and a chart of the cost of a host over the size of the fleet. */
import type { FarmCost } from './farm-run.ts';
import type { OfflineCost } from './offline.ts';

export function farmTable(costs: readonly FarmCost[]): string {
  const floors = new Map(
    costs.filter(({ phase }) => phase === 'parallel-ssh true').map((one) => [one.hosts, one.cpu]),
  );
  const head = [
    'hosts',
    'phase',
    'wall s',
    'CPU s',
    'CPU ms a host',
    'CPU x floor',
    'peak MiB',
    'connections a host',
    'execs a host',
  ];
  const rows = costs.map((one) => {
    const floor = floors.get(one.hosts);
    return [
      thousands(one.hosts),
      one.phase,
      one.wall.toFixed(1),
      one.cpu.toFixed(2),
      ((one.cpu * 1000) / one.hosts).toFixed(2),
      floor === undefined ? '' : (one.cpu / floor).toFixed(2),
      one.peak.toFixed(0),
      one.connectionsPerHost.toFixed(2),
      one.execsPerHost.toFixed(2),
    ];
  });
  return table(head, rows);
}

export function offlineTable(costs: readonly OfflineCost[]): string {
  const head = ['hosts', 'webservers written as', 'what', 'CPU s', 'CPU ms a host', 'peak MiB'];
  const rows = costs.map(({ hosts, written, what, cpu, peak }) => [
    thousands(hosts),
    written,
    what,
    cpu.toFixed(2),
    ((cpu * 1000) / hosts).toFixed(3),
    peak.toFixed(0),
  ]);
  return table(head, rows);
}

/** One line a phase: CPU of a host, in milliseconds, over hosts on a logarithmic scale. Flat is what it should be. */
export function curve(title: string, costs: readonly FarmCost[]): string {
  const [width, height, left, bottom] = [760, 300, 60, 40];
  const sizes = [...new Set(costs.map(({ hosts }) => hosts))].toSorted((a, b) => a - b);
  const [least = 1, most = 10] = [sizes[0], sizes.at(-1)];
  const each = ({ cpu, hosts }: FarmCost): number => (cpu * 1000) / hosts;
  const top = Math.max(...costs.map(each)) * 1.1;
  const x = (hosts: number): number =>
    left + (Math.log(hosts / least) / Math.log(most / least || 2)) * (width - left - 150);
  const y = (value: number): number => height - bottom - (value / top) * (height - bottom - 40);
  const phases = [...new Set(costs.map(({ phase }) => phase))];
  const lines = phases.map((phase, at) => {
    const own = costs.filter((one) => one.phase === phase).toSorted((a, b) => a.hosts - b.hosts);
    const points = own.map((one) => `${x(one.hosts).toFixed(1)},${y(each(one)).toFixed(1)}`).join(' ');
    const last = own.at(-1);
    const colour = colours[at % colours.length] ?? '';
    const label =
      last === undefined
        ? ''
        : `<text x="${(x(last.hosts) + 8).toFixed(1)}" y="${(y(each(last)) + 4).toFixed(1)}" fill="${colour}">${phase}</text>`;
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2.5"/>${label}`;
  });
  const marks = sizes.map(
    (hosts) =>
      `<text x="${x(hosts).toFixed(1)}" y="${height - 18}" text-anchor="middle">${thousands(hosts)}</text>`,
  );
  const levels = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = top * part;
    return `<line x1="${left}" x2="${width - 150}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#8792a2" stroke-opacity="0.3"/><text x="${left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value.toFixed(1)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#6b7785" role="img" aria-label="${title}">
<text x="12" y="22" font-size="15" font-weight="bold">${title}</text>
${[...levels, ...marks, ...lines].join('\n')}
</svg>
`;
}

const colours = ['#2f9e6e', '#3b7dd8', '#c77d1e', '#8792a2'];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${line(head)}\n${'|---'.repeat(head.length)}|\n${rows.map(line).join('\n')}\n`;
}

function thousands(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
