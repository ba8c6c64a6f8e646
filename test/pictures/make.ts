/**
 * `npm run pictures`: the pictures of the README, made by the commands themselves. A lab of 44 hosts is applied by the
 * bundle; its journal is drawn at the moment at which most is going on, and its report is photographed by Chromium.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptPlan } from '../../src/cli/kept-plan.ts';
import { labDown } from '../../src/lab/down.ts';
import { labExec } from '../../src/lab/exec.ts';
import { labUp } from '../../src/lab/up.ts';
import { frame } from '../../src/render/live/frame.ts';
import { symbolsFor } from '../../src/render/live/symbols.ts';
import { noChoice } from '../../src/render/live/view.ts';
import { emptyRunState, type RunState, reduce } from '../../src/report/run-state.ts';
import { standingOf } from '../../src/report/standing.ts';
import { type PastRun, pastRunIds, readPastRun } from '../../src/run/past-run.ts';
import { screenSvg } from './screen-svg.ts';

const size = { width: 100, height: 16 };
const folder = mkdtempSync(join(tmpdir(), 'gwfleet-pictures-'));
const state = join(folder, 'state');
const name = `pictures${process.pid}`;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void labDown(name).finally(() => process.exit(99)));
try {
  const { folder: lab } = await labUp({ name, gateways: 4, webservers: 40 });
  await gwfleet('apply', join(lab, 'inventory.yaml'), '--yes', '--progress', 'quiet');
  await gwfleet('status', join(lab, 'inventory.yaml'));
  const [run = ''] = pastRunIds(join(state, 'gwfleet'));
  await gwfleet('report', run, '-o', join(folder, 'report.html'));
  const past = readPastRun(join(state, 'gwfleet'), run);
  if (past === undefined) throw new Error('the run has left no journal');
  writeFileSync('test/pictures/interface.svg', interfaceOf(past));
  photograph(join(folder, 'report.html'), 'test/pictures/report.png');
} finally {
  await labDown(name);
  rmSync(folder, { recursive: true, force: true });
}

async function gwfleet(...args: readonly string[]): Promise<void> {
  const argv = [process.execPath, join(process.cwd(), 'bin/gwfleet.js'), ...args];
  const { code, stderr } = await labExec(name, 'controller', argv, { env: { XDG_STATE_HOME: state } });
  if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}\n${stderr}`);
}

/** The reducer changes its map in place: the moment is found first, and made again. */
function interfaceOf({ record, events }: PastRun): string {
  let before: RunState = emptyRunState;
  let [most, moment] = [-1, 0];
  for (const [index, event] of events.entries()) {
    before = reduce(before, event);
    const { running } = standingOf(before);
    if (running >= most) [most, moment] = [running, index];
  }
  const shown = events.slice(0, moment + 1).reduce(reduce, emptyRunState);
  const lines = frame(
    {
      ...{ state: shown, plan: keptPlan(join(state, 'gwfleet'), record.run), tick: 4, keys: 'yes' },
      ...{ nowMs: Date.parse(shown.at) + 300, symbols: symbolsFor({ LANG: 'C.UTF-8' }), choice: noChoice },
      ...{ hold: 'no', stopping: false, news: [] },
    },
    size,
  );
  return screenSvg(lines, size.width, 'gwfleet apply on 44 hosts, in the middle of a batch');
}

function photograph(page: string, picture: string): void {
  const { status, stderr } = spawnSync(
    'chromium',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-color-profile=srgb'],
      ...['--window-size=1280,1500', `--screenshot=${picture}`, `file://${page}`],
    ],
    { encoding: 'utf8', timeout: 120_000 },
  );
  if (status !== 0) throw new Error(`chromium (apt-get install chromium): ${stderr}`);
}
