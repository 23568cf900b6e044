import { quoteArgv } from '../../agent-scripts/host/run-command.ts';

/** Config changes under which a reload command fails at first, without having told the daemon, and then does as ever. */
export function failsOnce(marker: string, argv: readonly string[]): Readonly<Record<string, unknown>> {
  const told = quoteArgv(argv);
  return {
    shell: true,
    reloadCommand: `test -e ${marker} && exec ${told}; touch ${marker}; echo worker is stuck >&2; exit 3`,
  };
}
