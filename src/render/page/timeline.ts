/** When each host was at work, and how it ended: one row a host, thin where there are many. */
import type { HostState, RunState } from '../../report/run-state.ts';
import { type Html, html, raw } from './html.ts';

/** Beyond this many hosts the rows are thin and the names are in their tooltips. */
const namedRows = 60;

export function timeline(state: RunState): Html {
  const rows = [...state.hosts.values()].map(rowOf);
  const times = rows.flatMap(({ begun, ended }) => [begun, ended]).filter((time) => time !== undefined);
  if (times.length === 0) return raw('');
  const first = Math.min(...times);
  const last = Math.max(...times, first + 1);
  const seconds = (last - first) / 1000;
  const at = (time: number): string => (((time - first) / (last - first)) * 100).toFixed(2);
  const named = rows.length <= namedRows;
  const bars = rows.map(({ host, result, begun, ended }) => {
    const word = result ?? 'not reached';
    const bar =
      begun === undefined
        ? raw('')
        : html`<i class="bar ${word}" style="left:${at(begun)}%;width:${Math.max(0.4, Number(at(ended ?? last)) - Number(at(begun))).toFixed(2)}%"></i>`;
    const title = `${host}: ${word}`;
    return html`<div class="row" title="${title}">${named ? html`<span>${host}</span>` : raw('')}<div class="track">${bar}</div></div>`;
  });
  return html`<section>
<h2>Timeline <small>${seconds.toFixed(1)} s</small></h2>
<div class="timeline ${named ? 'named' : 'thin'}">${bars}</div>
<p class="dim legend">${legend.map((word) => html`<span><i class="bar ${word}"></i> ${word}</span> `)}</p>
</section>`;
}

const legend = ['changed', 'ok', 'failed', 'rolled-back', 'unreachable', 'unknown'];

interface Row {
  readonly host: string;
  readonly result: HostState['result'];
  readonly begun: number | undefined;
  readonly ended: number | undefined;
}

function rowOf({ host, result, log }: HostState): Row {
  const time = (type: string, which: 'find' | 'findLast'): number | undefined => {
    const event = log[which]((one) => one.type === type);
    return event === undefined ? undefined : Date.parse(event.at);
  };
  const ended = time('host-finished', 'findLast');
  return { host, result, begun: time('host-started', 'find') ?? ended, ended };
}
