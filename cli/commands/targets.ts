import { describeHostSelector } from '../../core/targets/describe-host-selector.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Backend } from '../../services/backend/backend.ts';
import type { Change, Registration } from '../../services/registry/registrations.ts';
import { readTargetsFile } from '../input/select-targets.ts';
import { type StackSelection, selectBackend } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { table } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withBackend, withStackBackend } from './open-backend.ts';
import type { TargetsAction, TargetsOptions } from './targets-options.ts';

/** `certferry targets`: lists and changes the registrations of a stack or of local mode. */
export async function targets(
  action: TargetsAction,
  argument: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): Promise<number> {
  const selection = selectBackend(options, `targets ${action}`);
  if (action !== 'apply') refuseOptions({ '--dry-run': options.dryRun }, `targets ${action}`);
  else if (selection.kind === 'local') {
    throw new UsageError(
      'targets apply cannot be used with --local: "certferry deploy" and "certferry rollout" register the targets that they deploy to',
    );
  } else return apply(selection, argument, options, terminal);
  await withBackend(selection, prepare(action, argument, options, terminal));
  return 0;
}

async function apply(
  selection: StackSelection,
  argument: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): Promise<number> {
  const file = readTargetsFile(requiredArgument('apply', argument));
  const dryRun = options.dryRun === true;
  const changes = await withStackBackend(selection, (backend) => backend.apply(file, { dryRun }));
  printChanges(changes, options, terminal);
  return 0;
}

function requiredArgument(action: keyof typeof argumentOf, argument: string | undefined): string {
  if (argument === undefined) throw new UsageError(`targets ${action} needs ${argumentOf[action]}`);
  return argument;
}

/** Checks all arguments before the backend is opened. */
function prepare(
  action: Exclude<TargetsAction, 'apply'>,
  argument: string | undefined,
  options: TargetsOptions,
  terminal: Terminal,
): (backend: Backend) => Promise<void> {
  if (action === 'list') {
    if (argument !== undefined) throw new UsageError(`targets list has no argument, but got ${argument}`);
    return async (backend) => printRegistrations(await backend.registrations(), options, terminal);
  }
  const removed = requiredArgument(action, argument);
  return async (backend) => {
    await (action === 'remove' ? backend.removeTarget(removed) : backend.removeCertificate(removed));
    if (options.json === true) terminal.out(JSON.stringify({ removed }));
    else terminal.out(`${removed} is no longer registered. Files on hosts stay as they are.`);
  };
}

const argumentOf = {
  apply: 'a targets file',
  remove: 'the id of a target',
  'remove-certificate': 'the name of a certificate',
} as const;

function printRegistrations(
  registrations: readonly Registration[],
  options: TargetsOptions,
  { out, colours }: Terminal,
): void {
  if (options.json === true) {
    out(JSON.stringify({ registrations }));
    return;
  }
  if (registrations.length === 0) {
    const command = options.local === true ? 'deploy --local --targets FILE' : 'targets apply FILE';
    out(`Nothing is registered. Register targets with "certferry ${command}".`);
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
