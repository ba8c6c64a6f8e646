/** One host on the whole interface: everything it was told to have done, or what the plan changes on it. */
import { isBad } from '../../report/host-state.ts';
import { colourless } from '../palette.ts';
import { plainLine } from '../plain.ts';
import { hostPlanLines } from '../plan-text.ts';
import { visibleText } from '../visible.ts';
import { hostRow } from './host-row.ts';
import { type Line, span } from './line.ts';
import { type Choice, type LiveView, noChoice } from './view.ts';

type Page = NonNullable<Choice['page']>;

export function hostPage(view: LiveView, page: Page, height: number): readonly Line[] {
  const host = view.state.hosts.get(page.host);
  if (host === undefined) return [];
  const head = hostRow(host, { ...view, choice: noChoice }, host.host.length);
  const lines = pageLines(view, page);
  const room = Math.max(1, height - 2);
  const first = firstLine(lines.length, page, room);
  const shown = lines.slice(first, first + room);
  const below = lines.length - first - shown.length;
  return [head, ...shown, [span(foot(page, first, below), 'dim')]];
}

/** A transcript is opened at its end, where the newest words are, a diff on top; `scroll` counts lines from there. */
function firstLine(count: number, { shows, scroll }: Page, room: number): number {
  const last = Math.max(0, count - room);
  return shows === 'diff' ? Math.min(last, scroll) : Math.max(0, last - scroll);
}

function pageLines({ state, plan }: LiveView, { host, shows }: Page): readonly Line[] {
  if (shows === 'diff') return diffLines(plan === undefined ? [] : hostPlanLines(plan, host));
  const log = state.hosts.get(host)?.log ?? [];
  const lines = log.flatMap((event): Line[] => {
    const line = plainLine(event, colourless);
    const bad = event.type === 'host-finished' && isBad(event.result);
    const said = event.type === 'host-finished' ? saidLines(event) : [];
    return line === undefined ? said : [[span(line, bad ? 'bad' : 'plain')], ...said];
  });
  return lines.length > 0 ? lines : [[span('nothing was told of this host yet', 'dim')]];
}

interface Said {
  readonly said?: string;
  readonly place?: { readonly file: string; readonly line: number; readonly col: number };
  readonly next?: string;
}

function saidLines({ said, place, next }: Said): Line[] {
  const words = said === undefined ? [] : visibleText(said).trim().split('\n');
  return [
    ...words.map((text) => [span(`    ${text.replaceAll('\t', '  ')}`)]),
    ...(place === undefined ? [] : [[span(`    from ${place.file}:${place.line}:${place.col}`, 'dim')]]),
    ...(next === undefined ? [] : [[span(`    ${next}`)]]),
  ];
}

function diffLines(lines: readonly string[]): readonly Line[] {
  if (lines.length === 0) return [[span('the plan changes nothing here', 'dim')]];
  return lines.map((line) => {
    const sign = line.trimStart().slice(0, 1);
    return [span(line, sign === '+' ? 'good' : sign === '-' ? 'bad' : sign === '~' ? 'busy' : 'plain')];
  });
}

function foot({ shows }: Page, first: number, below: number): string {
  const other = shows === 'diff' ? 'transcript' : 'diff';
  const more = [first > 0 ? `${first} above` : '', below > 0 ? `${below} below` : ''].filter(Boolean);
  return `d ${other}  esc back${more.length === 0 ? '' : `  (lines: ${more.join(', ')})`}`;
}
