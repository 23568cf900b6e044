import { counted } from '../../core/counted.ts';
import type { WarmedHost } from '../../core/deployment/warm.ts';
import { Host } from '../../core/targets/target.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { fold, table } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import { notWarmExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withLocalBackend, withStackBackend } from './open-backend.ts';

export interface WarmOptions extends BackendOptions {
  readonly target: readonly string[];
  readonly host: readonly string[];
  /** Each as `key=value`. */
  readonly tag: readonly string[];
}

/** This machine, as local mode names it. */
const thisMachine = 'local';

/** `certferry warm`: lets hosts fetch the agent and its runtime. Exit code 1 if a host is not warm then. */
export async function warm(options: WarmOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'warm');
  const { target, tag } = options;
  const named = options.host.map(requireHost);
  const tags = Object.fromEntries(tag.map(readTag));
  const onWarmed = progressOf(options, terminal);
  let hosts: WarmedHost[];
  if (selection.kind === 'local') {
    refuseOptions(
      { '--target': target.length > 0, '--host': named.length > 0, '--tag': tag.length > 0 },
      '--local: this machine is the only host',
    );
    hosts = await withLocalBackend(selection.state, (backend) => backend.warm([thisMachine], onWarmed));
  } else {
    hosts = await withStackBackend(selection, async (backend) => {
      const selects = target.length > 0 || tag.length > 0 || named.length === 0;
      const found = selects ? await backend.findHosts({ targets: target, tags }) : [];
      return backend.warm([...new Set([...named, ...found])], onWarmed);
    });
  }
  const ok = hosts.every(isWarm);
  if (options.json === true) terminal.out(JSON.stringify({ ok, hosts }));
  else for (const line of warmLines(hosts, terminal)) terminal.out(line);
  return ok ? 0 : notWarmExitCode;
}

const isWarm = ({ outcome }: WarmedHost) => outcome === 'warm';

function requireHost(text: string): string {
  const parsed = Host.safeParse(text);
  if (parsed.success && text !== 'lambda') return text;
  throw new UsageError(`--host ${text}: use the id of a managed host, such as i-0123456789abcdef0`);
}

function readTag(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--tag ${text}: use key=value`);
}

/** One line on standard error for each part of the hosts that has ended. */
function progressOf({ json }: WarmOptions, { err, colours }: Terminal) {
  let ended = 0;
  return (hosts: readonly WarmedHost[]): void => {
    ended += hosts.length;
    if (json !== true) err(colours.dim(`${counted(ended, 'host')} ended`));
  };
}

/** The table of the hosts, the reasons, and the summary. */
export function warmLines(hosts: readonly WarmedHost[], { colours, width }: Terminal): string[] {
  const rows = hosts.map((one) => [
    one.host,
    one.outcome,
    fetchedBy(one),
    isWarm(one) ? `${one.seconds} s` : '–',
  ]);
  const [head = '', ...lines] = table([['host', 'result', 'fetched', 'time'], ...rows]);
  const failed = hosts.filter((one) => !isWarm(one));
  const reasons = failed.flatMap(({ host, summary }) => [
    '',
    `${colours.red('✖')} ${colours.bold(host)}`,
    ...fold(summary, width - 2).map((line) => `  ${line}`),
  ]);
  const total =
    failed.length === 0
      ? `${colours.green('✔')} ${counted(hosts.length, 'host')} warm`
      : `${colours.red('✖')} ${failed.length} of ${counted(hosts.length, 'host')} not warm`;
  return [colours.dim(head), ...lines, ...reasons, '', total];
}

function fetchedBy({ outcome, fetched }: WarmedHost): string {
  if (outcome !== 'warm') return '–';
  return fetched.length === 0 ? 'nothing: it had both' : fetched.join(', ');
}
