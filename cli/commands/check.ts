import type { ReadBundle } from '../../core/certificate/read-bundle.ts';
import { counted } from '../../core/counted.ts';
import { isCertferryError } from '../../core/errors.ts';
import { type BundleFiles, readBundleFiles } from '../input/read-bundle-files.ts';
import { daysBetween } from '../render/text.ts';
import { type Times, timesOf } from '../render/times.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface CheckOptions extends Omit<BundleFiles, 'cert'> {
  readonly json?: boolean;
  readonly utc?: boolean;
}

/** `certferry check`: whether a bundle can be deployed, and its content. Exit code 10 if it cannot. */
export function check(cert: string, options: CheckOptions, terminal: Terminal): number {
  const now = new Date();
  try {
    const read = readBundleFiles({ ...options, cert }, now);
    if (options.json === true) printJson(read, terminal);
    else printText(read, terminal, { now, times: timesOf(options) });
    return 0;
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const { name, message } = error;
    if (options.json === true) terminal.out(JSON.stringify({ ok: false, error: { name, message } }));
    else terminal.out(`${terminal.colours.red('✖')} ${name}: ${message}`);
    return exitCodes.rejected;
  }
}

function printJson({ facts, subject, warnings }: ReadBundle, { out }: Terminal): void {
  out(JSON.stringify({ ok: true, ...facts, ...subject, warnings }));
}

function printText(
  { facts, subject, warnings }: ReadBundle,
  { out, colours }: Terminal,
  { now, times }: { readonly now: Date; readonly times: Times },
): void {
  const { notBefore, notAfter } = subject;
  const rows = [
    ['names', subject.names.join(', ')],
    ['issuer', subject.issuer],
    ['serial', subject.serial],
    ['key', subject.key],
    ['valid', `${times.minute(notBefore)} to ${times.minute(notAfter)} (${times.zone})`],
    ['expires', daysBetween(now.getTime() / 1000, notAfter)],
    ['chain', intermediates(facts.chain.length)],
    ['fingerprint', facts.fingerprint],
  ] as const;
  out(`${colours.green('✔')} the bundle can be deployed`);
  for (const [label, value] of rows) out(`  ${label.padEnd(12)}${value}`);
  for (const warning of warnings) out(colours.yellow(`  warning: ${warning}`));
}

function intermediates(count: number): string {
  return count === 0 ? 'none: leaf only' : counted(count, 'intermediate');
}
