/** What a watch tells, in words: one line for each thing that changes, and the heartbeat. */
import type { News, WatchState } from '../fleet/watch-verdict.ts';
import { visibleLine } from './visible.ts';

export interface WatchWords {
  readonly inventory: string;
  /** `--failover` was given. */
  readonly failsOver: boolean;
}

/** Undefined: not worth a line. */
export function newsLine(news: News, { inventory, failsOver }: WatchWords): string | undefined {
  switch (news.type) {
    case 'gateway':
      return gatewayLine(news);
    case 'webserver':
      return visibleLine(webserverLine(news));
    case 'due':
      return failsOver
        ? `failing over from ${news.gateway}`
        : `gwfleet failover ${inventory} ${news.gateway} moves its webservers elsewhere`;
    case 'held':
      return `${news.gateway} is down too, beside ${news.beside.join(' ')}: not failing over on my own; gwfleet failover ${inventory} ${news.gateway} does it`;
  }
}

function gatewayLine({ gateway, carries, by }: Extract<News, { readonly type: 'gateway' }>): string {
  if (by.length === 1 && by[0] === gateway)
    return `gateway ${gateway} ${carries ? 'reaches its probes again' : 'reaches none of its probes itself'}: it stands by`;
  const who = by.length === 0 ? '' : `: ${by.join(' ')}`;
  return carries
    ? `gateway ${gateway} carries again${who === '' ? '' : `${who} reach their probes through it`}`
    : `gateway ${gateway} does not carry${who === '' ? '' : `${who} reach nothing through it`}`;
}

function webserverLine({ webserver, is, why }: Extract<News, { readonly type: 'webserver' }>): string {
  if (is === 'well') return `${webserver} has a vote again`;
  return is === 'broken'
    ? `${webserver} reaches nothing through any gateway: it has no vote`
    : `${webserver} has no vote: ${why}`;
}

/** `watching: gw1 down, gw2 up; 3 of 4 webservers have a vote; 60 rounds`. */
export function watchHeartbeat({ gateways, webservers }: WatchState, rounds: number): string {
  const states = [...gateways].map(([name, { state }]) => `${name} ${state}`).join(', ');
  const well = [...webservers.values()].filter(({ is }) => is === 'well').length;
  return `watching: ${states}; ${well} of ${webservers.size} webservers have a vote; ${rounds} rounds`;
}
