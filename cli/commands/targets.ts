import type { Account, Change, Registration } from '../../account/stack-backend.ts';
import { hostWords } from '../../core/targets/host-words.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { readTargetsFile } from '../input/select-targets.ts';
import { refuseOptions, stackOf } from '../options/backend-options.ts';
import { table } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withAccount } from './open-backend.ts';
import type { TargetsAction, TargetsOptions } from './targets-options.ts';

/** `certferry targets`: what is registered in a stack, and how it changes. */
export async function targets(
  action: TargetsAction,
  what: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): Promise<number> {
  const place = stackOf(options, 'targets');
  if (action !== 'apply') refuseOptions({ '--dry-run': options.dryRun }, `targets ${action}`);
  const perform = prepare(action, what, options, terminal);
  await withAccount(place, perform);
  return 0;
}

/** Everything that can be wrong with what was typed is told before the account is asked. */
function prepare(
  action: TargetsAction,
  what: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): (account: Account) => Promise<void> {
  if (action === 'list') {
    if (what !== undefined) throw new UsageError(`targets list takes nothing more than options, not ${what}`);
    return async (account) => list(await account.registrations(), options, terminal);
  }
  if (what === undefined) throw new UsageError(`targets ${action} needs ${wanted[action]}`);
  if (action === 'apply') {
    const file = readTargetsFile(what);
    const dryRun = options.dryRun === true;
    return async (account) => tellChanges(await account.apply(file, { dryRun }), options, terminal);
  }
  return async (account) => {
    await (action === 'remove' ? account.removeTarget(what) : account.removeCertificate(what));
    if (options.json === true) terminal.out(JSON.stringify({ removed: what }));
    else terminal.out(`${what} is not registered any more. What is installed on hosts stays there.`);
  };
}

const wanted = {
  apply: 'a targets file',
  remove: 'the id of a target',
  'remove-certificate': 'the name of a certificate',
} as const;

function list(found: readonly Registration[], { json }: TargetsOptions, { out, colours }: Terminal): void {
  if (json === true) {
    out(JSON.stringify({ registrations: found }));
    return;
  }
  if (found.length === 0) {
    out('Nothing is registered: certferry targets apply FILE');
    return;
  }
  const rows = found.map((one) => [one.kind, one.id, aboutOf(one), one.origin]);
  const [head = '', ...lines] = table([['kind', 'name', 'about', 'by'], ...rows]);
  out(colours.dim(head));
  for (const line of lines) out(line);
}

function aboutOf({ kind, thing }: Registration): string {
  if (kind === 'target') {
    const target = thing as RegisteredTarget;
    return `${target.kind}, ${target.certificate}, ${hostWords(target.host)}`;
  }
  const { source } = thing as { source?: { kind: string } };
  return source === undefined ? 'no source' : source.kind;
}

const words: Readonly<Record<Change['what'], readonly [sign: string, done: string]>> = {
  add: ['+', 'new'],
  change: ['~', 'changed'],
  same: [' ', 'as it was'],
  stack: ['!', "is the stack's own and was not touched: change it in the stack's code"],
};

function tellChanges(
  changes: readonly Change[],
  { json, dryRun = false }: TargetsOptions,
  { out, colours }: Terminal,
): void {
  if (json === true) {
    out(JSON.stringify({ dryRun, changes }));
    return;
  }
  for (const { kind, id, what } of changes) {
    const [sign, done] = words[what];
    out(`${sign} ${kind} ${colours.bold(id)}  ${done}`);
  }
  const count = changes.filter(({ what }) => what === 'add' || what === 'change').length;
  out(dryRun ? `${count} would be registered. Nothing was done.` : `${count} registered.`);
}
