/** How webservers go over to another gateway: the flags of the rolling commands, over what the playbook says. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../playbook/duration.ts';
import type { Amount, Play } from '../../playbook/play.ts';
import { connectionFlags, type Flags, oneOf, playbookFlags, runFlags } from '../flags.ts';
import { ownFlags } from '../help-page.ts';

export interface RollingFlags extends Flags {
  readonly canary?: Amount;
  readonly serial?: readonly Amount[];
  readonly soak?: number;
  readonly probe: boolean;
}

export interface Rolling {
  readonly serial: readonly Amount[];
  readonly canary: Amount | null;
  readonly soakSeconds: number;
}

export function rollingFlags(verb: Command): Command {
  for (const add of [playbookFlags, connectionFlags, runFlags]) add(verb);
  return verb
    .optionsGroup('Batches and drains:')
    .option('--canary <n>', 'webservers in the first batch, a number or a percentage', amount)
    .option('--serial <list>', 'sizes of the batches: 1,25%,100%', amounts)
    .addOption(
      new Option('--soak <duration>', 'how long each batch is watched before the next').argParser(
        duration(0),
      ),
    )
    .optionsGroup(ownFlags);
}

export interface DrainFlags {
  /** Seconds that live connections may stay, from the command on. */
  readonly deadline: number;
  readonly then: 'leave' | 'cut';
}

/** `without`: what holds where neither of them is given. */
export function drainFlags(verb: Command, without?: DrainFlags): Command {
  const otherwise = without === undefined ? ' (else as the playbook says)' : '';
  return verb
    .optionsGroup('Batches and drains:')
    .addOption(
      new Option('--deadline <duration>', `how long live connections may stay${otherwise}`)
        .argParser(duration(1))
        .default(without?.deadline, `${without?.deadline ?? 0}s`),
    )
    .addOption(
      oneOf(new Option('--then <what>', 'what becomes of those that are left at the deadline'), [
        'leave',
        'cut',
      ]).default(without?.then),
    )
    .optionsGroup(ownFlags);
}

/** What commander does not fill in for verbs without a selection of their own. */
export function rollingGiven(given: object): RollingFlags {
  return { tags: [], skipTags: [], probe: true, ...given } as unknown as RollingFlags;
}

/** A `--serial` of one's own does not keep the playbook's canary. */
export function rollingOf(play: Play | undefined, flags: RollingFlags): Rolling {
  return {
    serial: flags.serial ?? play?.serial ?? [{ count: 1 }],
    canary: flags.canary ?? (flags.serial === undefined ? (play?.canary ?? null) : null),
    soakSeconds: flags.soak ?? play?.soakSeconds ?? 0,
  };
}

function amounts(text: string): readonly Amount[] {
  return text.split(',').map((part) => amount(part.trim()));
}

function amount(text: string): Amount {
  const [, digits, percent] = /^([1-9]\d{0,5})(%?)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new InvalidArgumentError('a number of hosts or a percentage is needed, like 2 or 25%');
  return percent === '%' ? { percent: Number(digits) } : { count: Number(digits) };
}

/** Seconds, up to a week. */
function duration(least: number): (text: string) => number {
  return (text) => {
    const value = parseDuration(text);
    if (value === undefined || value < least)
      throw new InvalidArgumentError('a duration is needed, like 90s, 10m or 2h');
    return value;
  };
}
