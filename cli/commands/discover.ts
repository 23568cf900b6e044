import { discover as discoverHost } from '../../discovery/discover.ts';
import { localHost } from '../../discovery/local-host.ts';
import { proposeTargets } from '../../discovery/propose-targets.ts';
import { writeNewFile } from '../input/write-new-file.ts';
import { discoveryLines, proposalLine } from '../render/discovery-table.ts';
import { targetsYaml } from '../render/targets-yaml.ts';
import { waitingFor } from '../render/waiting.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface DiscoverOptions {
  /** `-` is standard output. */
  readonly output?: string;
  readonly json?: boolean;
}

/** `certferry discover`: what this host serves and from which files. Writes only the file of `--output`. */
export async function discover(
  options: DiscoverOptions,
  terminal: Terminal,
  host = localHost(),
): Promise<number> {
  const { output, json = false } = options;
  const now = new Date();
  const found = await waitingFor(discoverHost(host, now), 'reading the configuration of daemons', {
    terminal,
    json,
  });
  const proposed = proposeTargets(found.certificates);
  if (output !== undefined && proposed.length === 0) throw new UsageError(nothingFound);
  if (output !== undefined && output !== '-') writeNewFile(output, targetsYaml(proposed));
  if (json) {
    terminal.out(JSON.stringify({ ...found, targets: proposed.map(({ target }) => target) }));
    return 0;
  }
  const isPiped = output === '-';
  const print = isPiped ? terminal.err : terminal.out;
  for (const line of discoveryLines(found, terminal, now)) print(line);
  if (isPiped) terminal.out(targetsYaml(proposed).trimEnd());
  for (const line of ['', proposalLine(found.certificates.length, proposed.length), ...nextStep(options)])
    print(line);
  return 0;
}

function nextStep({ output }: DiscoverOptions): string[] {
  if (output === undefined) return ['Next: certferry init, or certferry discover --output targets.yaml'];
  return output === '-' ? [] : [`Targets file: ${output}`];
}

/** The error without a target, with the usual reasons. */
export const nothingFound =
  'no certificate was found that certferry can deploy to, and no file was written. Start the daemons first, and run the ' +
  'command as root, which can read their configuration. "certferry discover" shows what was found.';
