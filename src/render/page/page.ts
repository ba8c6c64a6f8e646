/**
 * A run as one page for a browser or the printer: no script, no network, light and dark by the reader's own setting.
 * Made from the same state as the recap; what the journal does not know is not drawn.
 */
import { type FoldedLine, type FoldedNote, foldPlay, hostRuns } from '../../plan/fold.ts';
import type { Plan, PlayPlan } from '../../plan/plan.ts';
import type { RunEvent } from '../../report/event.ts';
import type { RunState } from '../../report/run-state.ts';
import { countLine } from '../recap.ts';
import { visibleLine, visibleText } from '../visible.ts';
import { fillSection, type KeptFills } from './fill.ts';
import { type Html, html, raw } from './html.ts';
import { style } from './style.ts';
import { timeline } from './timeline.ts';
import { topology } from './topology.ts';

export interface PageOrder {
  readonly run: string;
  readonly command: string;
  readonly owner: string;
  readonly startedAt: string;
  readonly inventory: string;
  readonly events: readonly RunEvent[];
  readonly state: RunState;
  readonly plan: Plan | undefined;
  /** What `status` last saw of the pools. */
  readonly fills: KeptFills | undefined;
}

export function page(order: PageOrder): string {
  const { run, command, plan, state } = order;
  const parts = [
    header(order),
    failures(state),
    ...(plan === undefined ? [] : [topology(plan, state)]),
    fillSection(order),
    timeline(state),
    ...(plan === undefined ? [] : [changes(plan)]),
    html`<footer>gwfleet report ${run}</footer>`,
  ];
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>gwfleet ${command} ${run}</title>
<style>${raw(style)}</style>
</head>
<body>
${parts}
</body>
</html>`.toString()}\n`;
}

function header({ run, command, owner, startedAt, inventory, state }: PageOrder): Html {
  const { finished, stopped } = state;
  const exit = finished === undefined ? 'no end' : `exit ${finished.exit}`;
  const good = finished?.exit === 0;
  return html`<header>
<h1>${command} <small>${inventory}</small></h1>
<p class="counts"><b class="${good ? 'good' : 'bad'}">${exit}</b> ${countLine(state)}</p>
<p class="dim">run ${run} by ${owner}, ${startedAt.slice(0, 19).replace('T', ' ')} UTC</p>
${stopped === undefined ? raw('') : html`<p class="bad">stopped: ${visibleLine(stopped)}</p>`}
</header>`;
}

function failures({ hosts }: RunState): Html {
  const failed = [...hosts.values()].flatMap(({ host, failure }) =>
    failure === undefined ? [] : [{ host, failure }],
  );
  if (failed.length === 0) return raw('');
  return html`<section>
<h2>Not as wanted <small>${failed.length}</small></h2>
${failed.map(
  ({ host, failure: { result, task = '', message = '', said, place, next } }) => html`<details open>
<summary><b>${host}</b> <span class="bad">${result}</span> ${visibleLine(task)}</summary>
<p>${visibleLine(message)}</p>
${said === undefined ? raw('') : html`<pre>${visibleText(said).trim()}</pre>`}
<p class="dim">${place === undefined ? '' : `${place.file}:${place.line}:${place.col} `}${visibleLine(next ?? '')}</p>
</details>`,
)}
</section>`;
}

function changes({ plays }: Plan): Html {
  const tables = plays.map(playTable);
  return html`<section><h2>Changes</h2>${tables}</section>`;
}

const signs = { create: '+', update: '~', delete: '-', run: '>' } as const;

function playTable(play: PlayPlan): Html {
  const { lines, notes } = foldPlay(play);
  const all = play.batches.flat();
  if (lines.length === 0 && notes.length === 0) return raw('');
  const rows = lines.map((line) => lineRows(line, all));
  const told = notes.map((note) => html`<p>${noteText(note, all)}</p>`);
  return html`<h3>${visibleLine(play.name)} <small>${all.length} hosts</small></h3><div class="wide"><table>${rows}</table></div>${told}`;
}

/** A change, and under it what it is the cause of. */
function lineRows({ change, hosts, notes }: FoldedLine, all: readonly string[]): Html {
  const { action, kind, name, from, to } = change;
  const value = from !== undefined && to !== undefined ? `${from} → ${to}` : (to ?? from ?? '');
  const beside = notes.map(
    (note) => html`<tr class="note"><td></td><td colspan="3">${noteText(note, all)}</td></tr>`,
  );
  return html`<tr><td class="sign ${action}">${signs[action]}</td><td>${kind} ${visibleLine(name)}</td><td>${visibleLine(value)}</td><td>${hostRuns(hosts, all).join(' ')}</td></tr>${beside}`;
}

function noteText({ note: { level, text }, hosts }: FoldedNote, all: readonly string[]): Html {
  const word = level === 'info' ? raw('') : html`<b>${level}</b> `;
  return html`<span class="${level === 'danger' ? 'bad' : 'dim'}">${word}${hostRuns(hosts, all).join(' ')}: ${visibleLine(text)}</span>`;
}
