/** What flags of `plan` and `apply` mean together, and which of them contradict each other. */
import { didYouMean } from '../source/did-you-mean.ts';
import { diffDepths, type Flags } from './flags.ts';
import { UsageError } from './usage.ts';

export function diffDepth({ diff }: Flags): 'full' | 'short' | 'stat' {
  return diff === undefined ? 'short' : diff === true ? 'full' : diff;
}

export function checkedFlags<Given extends Flags>(flags: Given): Given {
  if (flags.json === true && flags.progress === 'jsonl') {
    throw new UsageError('--json and --progress jsonl both want stdout', 'choose one');
  }
  if (flags.diff !== undefined && flags.diff !== true && !diffDepths.includes(flags.diff)) {
    throw new UsageError(
      `--diff '${flags.diff}' is not full, short or stat`,
      didYouMean(flags.diff, diffDepths),
    );
  }
  return flags;
}

/** A saved plan leaves nothing to choose: flags that would choose again are refused, not ignored. */
export function refuseOtherWishes(flags: Flags): void {
  const wishes: readonly (readonly [string, boolean])[] = [
    ['--limit', flags.limit !== undefined],
    ['--tags', flags.tags.length > 0],
    ['--skip-tags', flags.skipTags.length > 0],
    ['--start-at-task', flags.startAtTask !== undefined],
    ['--playbook', flags.playbook !== undefined],
    ['--max-fail', flags.maxFail !== undefined],
    ['--on-failure', flags.onFailure !== undefined],
    ['--confirm-timeout', flags.confirmTimeout !== undefined],
    ['--allow-cut', flags.allowCut !== undefined],
  ];
  const given = wishes.flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  if (given.length === 0) return;
  throw new UsageError(
    `a saved plan is carried out as it is; ${given.join(', ')} cannot change it`,
    'make another plan with these flags: gwfleet plan INVENTORY -o FILE',
  );
}
