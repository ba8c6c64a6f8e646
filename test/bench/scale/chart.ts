/**
 * Costs -> one SVG of curves over the size of the fleet, on a logarithmic scale. Each is of one host, so flat is what it
 * should be. Greys and greens that can be read on white and on black.
 */
import { thousands } from './table.ts';

export interface Curve {
  readonly name: string;
  /** Size of the fleet, value. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
}

const [width, panelHeight, left, right, head, foot] = [820, 236, 60, 240, 48, 34];
const colours = ['#2f9e6e', '#3b7dd8', '#c77d1e', '#8792a2', '#a05bb8'];
/** Names of lines that end close to each other would lie on each other. */
const nameHeight = 16;

export function chart(panels: readonly Panel[]): string {
  const height = panels.length * panelHeight;
  const drawn = panels.map(
    (panel, at) => `<g transform="translate(0 ${at * panelHeight})">\n${panelText(panel)}\n</g>`,
  );
  const label = panels.map(({ title }) => title).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#6b7785" role="img" aria-label="${label}">
${drawn.join('\n')}
</svg>
`;
}

function panelText({ title, curves }: Panel): string {
  const all = curves.flatMap(({ points }) => points);
  const sizes = [...new Set(all.map(([hosts]) => hosts))].toSorted((a, b) => a - b);
  const [least = 1, most = 10] = [sizes[0], sizes.at(-1)];
  const top = Math.max(...all.map(([, value]) => value)) * 1.15;
  const scale = {
    x: (hosts: number): number =>
      left + (Math.log(hosts / least) / (Math.log(most / least) || 1)) * (width - left - right),
    y: (value: number): number => panelHeight - foot - (value / top) * (panelHeight - head - foot),
  };
  const marks = sizes.map((hosts) => {
    const x = scale.x(hosts).toFixed(1);
    return `<text x="${x}" y="${panelHeight - 14}" text-anchor="middle">${thousands(hosts)}</text>`;
  });
  return [
    `<text x="12" y="24" font-size="15" font-weight="bold">${title}</text>`,
    ...levels(top, scale.y),
    ...marks,
    ...lines(curves, scale),
  ].join('\n');
}

interface Scale {
  readonly x: (hosts: number) => number;
  readonly y: (value: number) => number;
}

function levels(top: number, y: Scale['y']): readonly string[] {
  return [0, 0.25, 0.5, 0.75].map((part) => {
    const [at, value] = [y(top * part), top * part];
    const words = value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
    return `<line x1="${left}" x2="${width - right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#8792a2" stroke-opacity="0.3"/><text x="${left - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end">${words}</text>`;
  });
}

function lines(curves: readonly Curve[], { x, y }: Scale): readonly string[] {
  const ends = curves.map(({ points }) => y(points.at(-1)?.[1] ?? 0));
  const order = [...curves.keys()].toSorted((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0));
  let lowest = Number.NEGATIVE_INFINITY;
  return order.map((at) => {
    const { name, points } = curves[at] ?? { name: '', points: [] };
    const colour = colours[at % colours.length] ?? '';
    const path = points.map(([hosts, value]) => `${x(hosts).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    lowest = Math.max(ends[at] ?? 0, lowest + nameHeight);
    const [last] = points.at(-1) ?? [1];
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.5"/><text x="${(x(last) + 8).toFixed(1)}" y="${(lowest + 4).toFixed(1)}" fill="${colour}">${name}</text>`;
  });
}
