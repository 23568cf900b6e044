import type { Change, Registration } from '../../account/registrations.ts';
import type { StackBackend } from '../../account/stack-backend.ts';
import { describeHostSelector } from '../../core/targets/describe-host-selector.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { readTargetsFile } from '../input/select-targets.ts';
import { selectStack } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { table } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withStackBackend } from './open-backend.ts';
import type { TargetsAction, TargetsOptions } from './targets-options.ts';

/** `certferry targets`: lists and changes the registrations of a stack. */
export async function targets(
  action: TargetsAction,
  argument: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): Promise<number> {
  const selection = selectStack(options, 'targets');
  if (action !== 'apply') refuseOptions({ '--dry-run': options.dryRun }, `targets ${action}`);
  const perform = prepare(action, argument, options, terminal);
  await withStackBackend(selection, perform);
  return 0;
}

/** Checks all arguments before the stack is opened. */
function prepare(
  action: TargetsAction,
  argument: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): (backend: StackBackend) => Promise<void> {
  if (action === 'list') {
    if (argument !== undefined) throw new UsageError(`targets list has no argument, but got ${argument}`);
    return async (backend) => printRegistrations(await backend.registrations(), options, terminal);
  }
  if (argument === undefined) throw new UsageError(`targets ${action} needs ${argumentOf[action]}`);
  if (action === 'apply') {
    const file = readTargetsFile(argument);
    const dryRun = options.dryRun === true;
    return async (backend) => printChanges(await backend.apply(file, { dryRun }), options, terminal);
  }
  return async (backend) => {
    await (action === 'remove' ? backend.removeTarget(argument) : backend.removeCertificate(argument));
    if (options.json === true) terminal.out(JSON.stringify({ removed: argument }));
    else terminal.out(`${argument} is no longer registered. Files on hosts stay as they are.`);
  };
}

const argumentOf = {
  apply: 'a targets file',
  remove: 'the id of a target',
  'remove-certificate': 'the name of a certificate',
} as const;

function printRegistrations(
  registrations: readonly Registration[],
  { json }: TargetsOptions,
  { out, colours }: Terminal,
): void {
  if (json === true) {
    out(JSON.stringify({ registrations }));
    return;
  }
  if (registrations.length === 0) {
    out('Nothing is registered. Register targets with "certferry targets apply FILE".');
    return;
  }
  const rows = registrations.map((one) => [one.kind, one.id, detailsOf(one), one.origin]);
  const [head = '', ...lines] = table([['kind', 'name', 'details', 'registered by'], ...rows]);
  out(colours.dim(head));
  for (const line of lines) out(line);
}

function detailsOf({ kind, thing }: Registration): string {
  if (kind === 'target') {
    const target = thing as RegisteredTarget;
    return `${target.kind}, ${target.certificate}, ${describeHostSelector(target.host)}`;
  }
  const { source } = thing as { source?: { kind: string } };
  return source === undefined ? 'no source' : source.kind;
}

const changeTexts: Readonly<Record<Change['what'], readonly [sign: string, text: string]>> = {
  add: ['+', 'new'],
  change: ['~', 'changed'],
  same: [' ', 'unchanged'],
  stack: ['!', 'not changed: the code of the stack registers it, so change it there'],
};

function printChanges(
  changes: readonly Change[],
  { json, dryRun = false }: TargetsOptions,
  { out, colours }: Terminal,
): void {
  if (json === true) {
    out(JSON.stringify({ dryRun, changes }));
    return;
  }
  for (const { kind, id, what } of changes) {
    const [sign, text] = changeTexts[what];
    out(`${sign} ${kind} ${colours.bold(id)}  ${text}`);
  }
  const count = changes.filter(({ what }) => what === 'add' || what === 'change').length;
  out(dryRun ? `Dry run: ${count} would be registered.` : `${count} registered.`);
}
