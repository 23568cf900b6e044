import type { CertferryError } from '../../core/errors.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { fold } from '../render/text.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Prints the warnings about a bundle; none with `--quiet`. */
export function printBundleWarnings(
  warnings: readonly string[],
  { quiet = false }: BackendOptions,
  { err, colours }: Terminal,
): void {
  for (const warning of quiet ? [] : warnings) err(colours.yellow(`warning: ${warning}`));
}

/** Prints once, for all targets, why a bundle cannot be deployed. */
export function printRefusal(
  outcome: 'rejected' | 'refused',
  { name, message }: CertferryError,
  { out, colours, width }: Terminal,
): void {
  const [head = '', ...rest] = fold(`${outcome}: ${name}: ${message}`, width - 2);
  out(`${colours.red('✖')} ${head}`);
  for (const line of rest) out(`  ${line}`);
  out('  No deployment was started, and nothing was changed.');
}
