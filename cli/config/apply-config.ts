import type { Command } from 'commander';
import { ownSurroundings, readConfig } from './read-config.ts';
import { type ConfigurableOptions, settleOptions } from './settle-options.ts';

/**
 * Adds variables and `certferry.yaml` to the options of a command that works on a backend. A command receives only options
 * that it defines, so a command without `--local` never gets it. Throws what {@link readConfig} throws.
 */
export function applyConfig(command: Command, surroundings = ownSurroundings()): void {
  const defined = new Set(
    command.options.filter((option) => !option.hidden).map((one) => one.attributeName()),
  );
  if (!defined.has('stack')) return;
  const given = command.opts<ConfigurableOptions & { resume?: string; follow?: string }>();
  const settled = settleOptions(given, readConfig(given.targets, surroundings), surroundings.environment);
  // the targets of a rollout are fixed when it starts
  if (given.resume !== undefined || given.follow !== undefined) defined.delete('targets');
  for (const [name, value] of Object.entries(settled)) {
    if (defined.has(name) && command.getOptionValueSource(name) === undefined) {
      command.setOptionValueWithSource(name, value, 'config');
    }
  }
}
