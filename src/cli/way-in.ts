/**
 * The one door to the hosts for every verb: a connector whose questions are already asked. Passphrases of the keys
 * that the inventory names come first, then one question for all unknown host keys, jump hosts included. Nothing asks
 * after this, so an interface may be drawn, and no run can wait for an answer that nobody gives.
 */
import { type OpenConnector, openConnector } from '../remote/connector.ts';
import type { HostKeyPolicy } from '../remote/host-keys.ts';
import type { Connector, Target } from '../remote/remote.ts';
import type { ConnectorOptions } from '../remote/settings.ts';
import type { Flags } from './flags.ts';
import { learnedText, settleHostKeys } from './host-key-question.ts';
import { onceInterrupted } from './interrupt.ts';
import type { Output } from './output.ts';
import { askHidden, hasTerminal } from './question.ts';

export interface WayInOrder {
  readonly flags: Pick<Flags, 'yes'>;
  readonly output: Output;
}

/** Throws UsageError where a question would have to be asked and nobody can be, and when it is interrupted. */
export async function openWayIn(targets: ReadonlyMap<string, Target>, order: WayInOrder): Promise<Connector> {
  const { output } = order;
  output.open();
  const connector = openConnector({ hostKeyPolicy: policyFor(order), ...asking(output) });
  const interrupt = onceInterrupted();
  try {
    await connector.loadNamedKeys(targets.values());
    await settleHostKeys({ connector, targets, ...order, stop: interrupt.signal });
    interrupt.check();
    return connector;
  } catch (error) {
    await connector.close();
    throw error;
  } finally {
    interrupt.forget();
  }
}

/** For looking at host keys alone: unknown ones are no hindrance, and nothing is learned but what is told to be. */
export function openScout(output: Output): OpenConnector {
  return openConnector({ hostKeyPolicy: 'ask', ...asking(output) });
}

function asking(output: Output): Pick<ConnectorOptions, 'onLearned' | 'askPassphrase'> {
  return {
    onLearned: (key) => output.tell(learnedText([key])),
    askPassphrase: async (file, attempt) =>
      (await askHidden(passphraseQuestion(file, attempt), 'put the key into the ssh-agent with ssh-add')) ||
      undefined,
  };
}

/** OpenSSH asks; where nobody can or shall be asked, an unknown key is refused. */
function policyFor({ flags }: WayInOrder): HostKeyPolicy {
  return hasTerminal() && flags.yes !== true ? 'ask' : 'strict';
}

function passphraseQuestion(file: string, attempt: number): string {
  return `${attempt === 1 ? '' : 'that is not its passphrase; '}passphrase of ${file}: `;
}
