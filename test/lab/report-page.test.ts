/** The report page in a real browser: as wide as the screen at 1280 and at 390 pixels, dark and light, and on paper. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { KeptFills } from '../../src/render/page/fill.ts';
import { page } from '../../src/render/page/page.ts';
import { emptyRunState, reduce } from '../../src/report/run-state.ts';
import { recording } from '../render/recording.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwfleet-page-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names and words of any length must not make the page wider than the screen. */
const long = 'x'.repeat(120);

function fills(gateways: number): KeptFills {
  const fill = {
    protocol: 'tcp',
    destination: '198.51.100.7',
    port: 443,
    entries: 53_000,
    closed: 0,
    share: 0.82,
  };
  const busiest = { ...fill, level: 'alarm' } as const;
  const seen = { state: 'pool', entries: 53_000, closed: 0, busiest, fills: [busiest] } as const;
  return {
    at: '2026-11-22T21:43:00.000Z',
    gateways: Array.from({ length: gateways }, (_, i) => ({
      host: i === 0 ? `gw1-${long}` : `gw${i + 1}`,
      addresses: Array.from({ length: 6 }, (_, a) => ({ address: `203.0.113.${100 + a}`, ...seen })),
    })),
  };
}

function pageOf(gateways: number, webservers: number): string {
  const { events, plan } = recording({ gateways, webservers });
  const told = events.map((event) =>
    event.type === 'host-finished' && event.said !== undefined ? { ...event, said: long } : event,
  );
  return page({
    ...{
      run: '20261122-214007-7f3a',
      command: 'apply',
      owner: 'ann@desk',
      startedAt: '2026-11-22T21:40:07Z',
    },
    ...{ inventory: `inventories/${long}.yaml`, events: told, plan, fills: fills(gateways) },
    state: told.reduce(reduce, emptyRunState),
  });
}

function chromium(...args: readonly string[]): string {
  const always = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`];
  return execFileSync('chromium', [...always, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
    stdio: 'pipe',
  });
}

/** What the page's own styles make of it; a browser's window has a least width, a frame has none. */
function measured(text: string, width: number, scheme: 'light' | 'dark'): string {
  const inner = join(folder, 'inner.html');
  const outer = join(folder, 'outer.html');
  const script = `<script>addEventListener('load', () => parent.postMessage([
    document.documentElement.scrollWidth - document.documentElement.clientWidth, innerWidth, getComputedStyle(document.body).backgroundColor].join(' '), '*'));</script>`;
  writeFileSync(inner, text.replace('</body>', `${script}</body>`));
  writeFileSync(
    outer,
    `<script>addEventListener('message', ({ data }) => { document.documentElement.dataset.seen = data; });</script>
<iframe style="border:0;width:${width}px;height:900px" src="inner.html"></iframe>`,
  );
  const setting = `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`;
  const dom = chromium(setting, '--virtual-time-budget=5000', '--dump-dom', `file://${outer}`);
  return /data-seen="([^"]*)"/.exec(dom)?.[1] ?? dom.slice(0, 300);
}

describe('the report page', { timeout: 300_000 }, () => {
  it.each([
    [2, 2],
    [8, 392],
  ])('with %i gateways and %i webservers is never wider than the screen', (gateways, webservers) => {
    const text = pageOf(gateways, webservers);
    expect(measured(text, 390, 'light')).toBe('0 390 rgb(255, 255, 255)');
    expect(measured(text, 1280, 'dark')).toBe('0 1280 rgb(13, 17, 23)');
  });

  it('prints on paper, all of it', () => {
    const file = join(folder, 'page.html');
    writeFileSync(file, pageOf(8, 392));
    chromium(`--print-to-pdf=${folder}/page.pdf`, '--no-pdf-header-footer', `file://${file}`);
    const pages = readFileSync(`${folder}/page.pdf`, 'latin1').match(/\/Type \/Page\b/g) ?? [];
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.length).toBeLessThan(12);
  });
});
