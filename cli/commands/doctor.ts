import type { HostReport } from '../../account/doctor/hosts/check-hosts.ts';
import type { Check, CheckStatus } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import { isCertferryError } from '../../core/errors.ts';
import { readTargetsFile } from '../input/select-targets.ts';
import { type BackendOptions, type StackSelection, selectBackend } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { hostTable } from '../render/host-table.ts';
import { fold } from '../render/text.ts';
import { checksFailedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withStackBackend } from './open-backend.ts';

export interface DoctorOptions extends BackendOptions {
  readonly hosts?: boolean;
  readonly targets?: string;
}

/** `certferry doctor`: checks everything that a rollout needs, or this machine. Exit code 1 if a check failed. */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'doctor');
  if (selection.kind === 'local') return doctorHere(selection.state, options, terminal);
  refuseOptions({ '--targets': options.targets }, '--stack: a stack has registered targets');
  const ofStack = await checksOf(selection);
  const hosts = options.hosts === true ? await reportOf(selection, options, terminal) : null;
  const checks = [...ofStack, ...(hosts?.checks ?? [])];
  const before = hosts === null ? [] : hostTable(hosts.rows);
  return report(checks, { before, more: hosts === null ? {} : { hosts: hosts.rows } }, options, terminal);
}

async function doctorHere(stateDir: string, options: DoctorOptions, terminal: Terminal): Promise<number> {
  refuseOptions({ '--hosts': options.hosts }, '--local: this machine is the only host');
  const targets = options.targets === undefined ? undefined : readTargetsFile(options.targets).targets;
  const { checkThisMachine } = await import('../../local/doctor/run-checks.ts');
  const checks = await checkThisMachine({ stateDir, targets, now: new Date() });
  return report(checks, { before: [], more: {} }, options, terminal);
}

/** Prints the checks after the lines `before`, or in JSON with the fields `more`. */
function report(
  checks: readonly Check[],
  { before, more }: { readonly before: readonly string[]; readonly more: object },
  { json = false }: DoctorOptions,
  terminal: Terminal,
): number {
  const ok = checks.every((one) => one.ok);
  if (json) terminal.out(JSON.stringify({ ok, checks, ...more }));
  else for (const line of [...before, ...doctorLines(checks, terminal)]) terminal.out(line);
  return ok ? 0 : checksFailedExitCode;
}

/** The report of the hosts; a failed check if it cannot be made. Progress is written to standard error. */
async function reportOf(
  selection: StackSelection,
  { json = false }: DoctorOptions,
  { err }: Terminal,
): Promise<HostReport> {
  let shown = -1;
  try {
    return await withStackBackend(selection, (backend) =>
      backend.checkHosts(({ ended, total }) => {
        if (json || ended === shown) return;
        shown = ended;
        err(`checked ${ended} of ${counted(total, 'host')}`);
      }),
    );
  } catch (error) {
    const { check } = await import('../../account/doctor/check.ts');
    return { rows: [], checks: [await check('hosts: reports', () => Promise.reject(error))] };
  }
}

/**
 * All checks; or the failed check of the stack alone, if its outputs cannot be read, for example without credentials.
 * @throws CertferryError StackUnusable if there is no such stack, or if it is not of certferry
 */
async function checksOf(selection: StackSelection): Promise<Check[]> {
  try {
    return await withStackBackend(selection, (backend) => backend.doctor(new Date()));
  } catch (error) {
    if (isCertferryError(error)) throw error;
    const { check } = await import('../../account/doctor/check.ts');
    return [await check('stack', () => Promise.reject(error))];
  }
}

/** One line for each check, and the next step below each check that did not pass. */
export function doctorLines(checks: readonly Check[], { colours, width }: Terminal): string[] {
  const signs: Readonly<Record<CheckStatus, string>> = {
    passed: colours.green('✔'),
    failed: colours.red('✖'),
    nothing: colours.yellow('–'),
  };
  const nameWidth = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(nameWidth + 4);
  const lines = checks.flatMap(({ name, status, found, next }) => {
    const [first = '', ...rest] = fold(found, Math.max(width - indent.length, 24));
    const steps = next === null ? [] : fold(next, Math.max(width - indent.length - 2, 24));
    return [
      `${signs[status]} ${name.padEnd(nameWidth)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...steps.map((line, at) => `${indent}${at === 0 ? '→' : ' '} ${line}`),
    ];
  });
  return [...lines, '', total(checks)];
}

function total(checks: readonly Check[]): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length;
  const [failed, empty] = [count('failed'), count('nothing')];
  const nothing = empty === 0 ? '' : ` ${counted(empty, 'check')} had nothing to check.`;
  if (failed > 0) return `${failed} of ${checks.length} checks failed.${nothing}`;
  return empty === 0 ? 'All checks passed.' : `${counted(count('passed'), 'check')} passed.${nothing}`;
}
