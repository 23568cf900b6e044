import { quoteArgv } from '../../agent-scripts/host/run-command.ts';

/** Configuration whose reload command first fails without a signal to the daemon, and works from then on. */
export function failsOnce(marker: string, argv: readonly string[]): Readonly<Record<string, unknown>> {
  const quoted = quoteArgv(argv);
  return {
    shell: true,
    reloadCommand: `test -e ${marker} && exec ${quoted}; touch ${marker}; echo worker is stuck >&2; exit 3`,
  };
}
