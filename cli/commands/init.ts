import { existsSync } from 'node:fs';
import { discover } from '../../discovery/discover.ts';
import { localHost } from '../../discovery/local-host.ts';
import { type ProposedTarget, proposeTargets } from '../../discovery/propose-targets.ts';
import { configName } from '../config/read-config.ts';
import { writeNewFile } from '../input/write-new-file.ts';
import { discoveryLines, proposalLine } from '../render/discovery-table.ts';
import { targetsYaml } from '../render/targets-yaml.ts';
import { waitingFor } from '../render/waiting.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { nothingFound } from './discover.ts';

export interface InitOptions {
  readonly output?: string;
  readonly json?: boolean;
}

/** `certferry init`: writes a `certferry.yaml` with a target for each certificate of this host. Asks nothing. */
export async function init(options: InitOptions, terminal: Terminal, host = localHost()): Promise<number> {
  const { output = configName, json = false } = options;
  if (existsSync(output))
    throw new UsageError(
      `${output} exists already, and was not changed. Remove it, or name another file with --output FILE.`,
    );
  const now = new Date();
  const found = await waitingFor(discover(host, now), 'reading the configuration of daemons', {
    terminal,
    json,
  });
  const proposed = proposeTargets(found.certificates);
  const [first] = proposed;
  if (first === undefined) throw new UsageError(nothingFound);
  writeNewFile(output, targetsYaml(proposed, { withSettings: true }));
  const next = firstCommand(first, output);
  if (json) {
    terminal.out(
      JSON.stringify({ file: output, targets: proposed.map(({ target }) => target), next: next.join(' ') }),
    );
    return 0;
  }
  const lines = [
    ...discoveryLines(found, terminal, now),
    '',
    `${proposalLine(found.certificates.length, proposed.length)}: ${output}`,
    'Next, validate with the daemons and change nothing:',
    `  ${next.join(' ')}`,
  ];
  for (const line of lines) terminal.out(line);
  return 0;
}

/** A deployment of the files that are live now, which validates and changes nothing. */
function firstCommand({ target, files }: ProposedTarget, output: string): string[] {
  return [
    'certferry deploy',
    ...(output === configName ? [] : [`--local --targets ${output}`]),
    `--certificate '${target.certificate}'`.replace(/'([A-Za-z0-9._-]+)'/, '$1'),
    `--cert ${files.cert}`,
    ...(files.key === null ? [] : [`--key ${files.key}`]),
    '--dry-run',
  ];
}
