/** A key and what the user looks at -> what is looked at next, or a wish to the run. Pure: Ink reads the keys. */
import { listed } from './attention.ts';
import type { Choice, LiveView } from './view.ts';

export type Wish = 'stop' | 'interrupt' | 'hold' | 'suspend';

export interface Pressed {
  readonly choice: Choice;
  readonly wish?: Wish;
}

/** Keys by name: `up`, `down`, `enter`, `escape`, `ctrl-c`, `ctrl-z`, or the letter itself. */
export function press(key: string, view: LiveView): Pressed {
  const { choice } = view;
  if (key === 'ctrl-c') return { choice, wish: 'interrupt' };
  if (key === 'ctrl-z') return { choice, wish: 'suspend' };
  if (choice.help) return { choice: { ...choice, help: false } };
  switch (key) {
    case 'q':
      return { choice, wish: 'stop' };
    case 'p':
      return { choice, wish: 'hold' };
    case '?':
    case 'h':
      return { choice: { ...choice, help: true } };
    case 'escape':
      return { choice: back(choice) };
    case 'f':
      return { choice: withoutCursor({ ...choice, only: choice.only === 'all' ? 'failures' : 'all' }) };
    default:
      return { choice: choice.page === undefined ? inList(key, view) : inPage(key, choice, choice.page) };
  }
}

function back(choice: Choice): Choice {
  const { page, ...without } = choice;
  if (page !== undefined) return without;
  return choice.cursor === undefined ? { ...choice, only: 'all' } : withoutCursor(choice);
}

function withoutCursor({ only, help }: Choice): Choice {
  return { only, help };
}

function inList(key: string, { state, choice }: LiveView): Choice {
  const names = listed(state, choice).map(({ host }) => host);
  const at = choice.cursor === undefined ? -1 : names.indexOf(choice.cursor);
  const to = (index: number): Choice => {
    const cursor = names[Math.max(0, Math.min(index, names.length - 1))];
    return cursor === undefined ? choice : { ...choice, cursor };
  };
  if (key === 'down' || key === 'j') return to(at + 1);
  if (key === 'up' || key === 'k') return to(at === -1 ? names.length - 1 : at - 1);
  const host = choice.cursor ?? names[0];
  if (host === undefined || (key !== 'enter' && key !== 'd')) return choice;
  return { ...choice, cursor: host, page: { host, shows: key === 'd' ? 'diff' : 'transcript', scroll: 0 } };
}

function inPage(key: string, choice: Choice, page: NonNullable<Choice['page']>): Choice {
  const { shows, scroll } = page;
  if (key === 'd')
    return { ...choice, page: { ...page, shows: shows === 'diff' ? 'transcript' : 'diff', scroll: 0 } };
  if (key === 'enter') return back(choice);
  const step = key === 'down' || key === 'j' ? 1 : key === 'up' || key === 'k' ? -1 : 0;
  // A transcript is counted from its end.
  const moved = shows === 'diff' ? scroll + step : scroll - step;
  return { ...choice, page: { ...page, scroll: Math.max(0, moved) } };
}
