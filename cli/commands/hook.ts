import type { ReadBundle } from '../../core/certificate/read-bundle.ts';
import type { CertferryError } from '../../core/errors.ts';
import { type HookRequest, readHookRequest } from '../hook/hook-request.ts';
import { readMachineTargets } from '../hook/machine-targets.ts';
import { type MatchingTargets, matchingTargets } from '../hook/matching-targets.ts';
import { readUsableBundle, secretOf } from '../input/read-bundle-files.ts';
import { isOnThisMachine, onThisMachine } from '../input/select-targets.ts';
import { commandLineFor } from '../options/command-line.ts';
import { selectedState } from '../options/state-option.ts';
import { silentProgress } from '../render/progress.ts';
import { summaryLines } from '../render/summary.ts';
import { fold } from '../render/text.ts';
import { exitCodeOf, reportOf } from '../report/deployment-report.ts';
import { UsageError } from '../terminal/errors.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { deployToTargets } from './deploy-to-targets.ts';
import { withLocalBackend } from './open-backend.ts';

export interface HookOptions {
  readonly targets?: string;
  readonly state?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphraseFile?: string;
}

/** While a deployment waited for its lock, the tool may have renewed again. */
const maximumRounds = 3;

/**
 * `certferry hook`: deploys a renewed certificate to the targets on this machine that have its names. Prints nothing after a success.
 * The files are read again after the deployment, so that a hook that waited does not leave an older version installed.
 */
export async function hook(
  words: readonly string[],
  options: HookOptions,
  terminal: Terminal,
  environment = process.env,
): Promise<number> {
  const request = requestOf(words, options, environment);
  if (request === 'nothing') return 0;
  const { file, state, ...config } = readMachineTargets(options);
  const targets = config.targets.filter(isOnThisMachine);
  for (let round = 1; ; round += 1) {
    const read = readUsableBundle(filesOf(request, options));
    if (!('bundle' in read)) return refuse(request, read, terminal);
    const matches = matchingTargets(targets, [...read.subject.names, request.lineage]);
    if (matches.length === 0) {
      const names = read.subject.names.slice(0, 5).join(', ');
      terminal.out(
        `certferry hook: no target in ${file} has the certificate ${names}. Nothing was deployed.`,
      );
      return 0;
    }
    const code = await deployAll(matches, { read, request, state, terminal });
    if (code !== 0 || round === maximumRounds || isLatest(read, request, options)) return code;
  }
}

function requestOf(
  words: readonly string[],
  { cert, key }: HookOptions,
  environment: NodeJS.ProcessEnv,
): HookRequest | 'nothing' {
  if (cert === undefined) return readHookRequest(environment, words);
  if (words.length > 0) throw new UsageError('use a folder or --cert, not both');
  return { tool: 'arguments', cert, key, lineage: undefined };
}

const filesOf = ({ cert, key }: HookRequest, { passphraseFile }: HookOptions) => ({
  cert,
  key,
  passphraseFile,
});

/** Whether the files still contain this version. Files that cannot be read now will start another hook. */
function isLatest({ facts }: ReadBundle, request: HookRequest, options: HookOptions): boolean {
  const now = readUsableBundle(filesOf(request, options));
  return !('bundle' in now) || now.facts.fingerprint === facts.fingerprint;
}

interface Renewal {
  readonly read: ReadBundle;
  readonly request: HookRequest;
  readonly state: string | undefined;
  readonly terminal: Terminal;
}

async function deployAll(
  matches: readonly MatchingTargets[],
  { read, request, state, terminal }: Renewal,
): Promise<number> {
  const version = { secret: secretOf(read), fingerprint: read.facts.fingerprint };
  let worst = 0;
  await withLocalBackend(selectedState(state), async (backend) => {
    for (const { targets } of matches) {
      const [first, ...others] = targets;
      const members = [onThisMachine(first), ...others.map(onThisMachine)] as const;
      await backend.register(targets);
      const finished = await deployToTargets(
        (target, onEvent) => backend.deploy({ target, action: 'deploy', version }, onEvent),
        members,
        { progress: silentProgress(() => {}), interruption: new AbortController().signal },
      );
      const code = exitCodeOf(reportOf(finished));
      worst = Math.max(worst, code);
      if (code === 0) continue;
      terminal.err(head(request, read));
      for (const line of summaryLines(
        finished,
        terminal,
        commandLineFor({ local: true, ...(state !== undefined && { state }) }),
      )) {
        terminal.err(line);
      }
    }
  });
  return worst;
}

function head({ tool }: HookRequest, { subject }: ReadBundle): string {
  return `certferry hook (${tool}): the renewed certificate for ${subject.names.slice(0, 3).join(', ')} is not deployed to every target.`;
}

function refuse(request: HookRequest, error: CertferryError, { err, width }: Terminal): number {
  const text = `certferry hook (${request.tool}): rejected ${request.cert}: ${error.name}: ${error.message} Nothing was changed.`;
  for (const line of fold(text, width)) err(line);
  return exitCodes.rejected;
}
