/**
 * `--help` on one screen of 24 rows by 80 columns: groups of flags are explained as far as the rows go, the others are
 * named; `gwfleet help VERB` explains all of them. Which group a flag belongs to is said where the flag is (flags.ts).
 */
import { type Command, Help, type Option } from 'commander';

const screen = { rows: 24, columns: 80 };

/** The heading of a verb's own flags: always explained. */
export const ownFlags = 'Options:';

/** A verb's example and its words below the flags take at most so many rows, with the blank one before them. */
const exampleRows = 7;

/** The program, and every verb that is registered after this, prints such pages. */
export function withHelpPages(root: Command): Command {
  const isFull = process.argv.slice(2, 4).includes('help');
  return root
    .configureHelp({
      helpWidth: screen.columns,
      subcommandTerm: (verb) => verb.name(),
      optionDescription: (flag) => new Help().optionDescription(flag).replace(' (default: [])', ''),
      formatHelp: (verb, help) => {
        if (verb.parent === null) return rootPage(verb, help);
        const full = new Help().formatHelp(verb, help);
        return isFull || fits(full) ? full : foldedPage(verb, help);
      },
    })
    .helpCommand('help [verb]', 'every flag of a verb, explained');
}

/** What is said after a mistake names the help of the verb that was typed. */
export function withHelpHints(verb: Command): void {
  const what = verb.commands.length > 0 ? 'shows the verbs' : 'shows what it takes';
  verb.showHelpAfterError(`(${pathOf(verb)} --help ${what})`);
  for (const inner of verb.commands) withHelpHints(inner);
}

/** `gwfleet gateway drain`. */
function pathOf(verb: Command): string {
  return verb.parent === null ? verb.name() : `${pathOf(verb.parent)} ${verb.name()}`;
}

function fits(page: string): boolean {
  return page.split('\n').length + exampleRows <= screen.rows;
}

function rootPage(root: Command, help: Help): string {
  const verbs = help.visibleCommands(root).filter((verb) => verb.name() !== 'help');
  const rows = verbs.map((verb) => `  ${verb.name().padEnd(11)} ${verb.description()}`);
  return `Usage: gwfleet <verb> [flags]  ${root.description()}

${rows.join('\n')}

Begin: gwfleet init my-fleet   One verb: gwfleet apply --help   Version: -V\n`;
}

/** As many groups explained as fit, the first ones first. */
function foldedPage(verb: Command, help: Help): string {
  const groups = groupsOf(help.visibleOptions(verb));
  let page = '';
  for (let explained = 1; explained <= groups.length; explained += 1) {
    const more = pageWith(verb, help, { groups, explained });
    if (page !== '' && !fits(more)) break;
    page = more;
  }
  return page;
}

interface Group {
  readonly heading: string;
  readonly flags: readonly Option[];
}

function groupsOf(flags: readonly Option[]): readonly Group[] {
  const headings = new Set([ownFlags, ...flags.map(headingOf)]);
  return [...headings].map((heading) => ({
    heading,
    flags: flags.filter((flag) => headingOf(flag) === heading),
  }));
}

function headingOf({ helpGroupHeading }: Option): string {
  return helpGroupHeading ?? ownFlags;
}

function pageWith(
  verb: Command,
  help: Help,
  { groups, explained }: { readonly groups: readonly Group[]; readonly explained: number },
): string {
  const items: (readonly [string, string])[] = [
    ...help
      .visibleArguments(verb)
      .filter(({ description }) => description !== '')
      .map((one) => [help.argumentTerm(one), help.argumentDescription(one)] as const),
    ...groups
      .slice(0, explained)
      .flatMap(({ flags }) =>
        flags.map((one) => [help.optionTerm(one), help.optionDescription(one)] as const),
      ),
  ];
  const width = Math.max(...items.map(([term]) => term.length));
  return [
    `Usage: ${help.commandUsage(verb)}`,
    verb.description(),
    '',
    ...items.map(([term, text]) => help.formatItem(term, width, text, help)),
    ...groups.slice(explained).map((group) => namesOf(group, help)),
    `${pathOf(verb).replace(/ (\S+)$/, ' help $1')} explains all of them\n`,
  ].join('\n');
}

/** `Connection: -u, --user <name>  --private-key <file> ...`, wrapped between flags. */
function namesOf({ heading, flags }: Group, help: Help): string {
  const rows: string[] = [];
  let row = heading;
  for (const term of flags.map((flag) => help.optionTerm(flag))) {
    if (row.length + term.length + 2 > screen.columns) {
      rows.push(row);
      row = '   ';
    }
    row += `${row === heading ? ' ' : '  '}${term}`;
  }
  return [...rows, row].join('\n');
}
