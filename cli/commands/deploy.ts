import type { ReadBundle } from '../../core/certificate/read-bundle.ts';
import { isCertferryError } from '../../core/deployment/errors.ts';
import type { Target } from '../../core/target/target.ts';
import { readBundleFiles } from '../input/bundle.ts';
import { readTargets, selectTargets } from '../input/targets.ts';
import { type AtLeastOne, notRecorded } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { finish, perform } from './deployment.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';

export interface DeployOptions extends LocalOptions {
  readonly targets: string;
  readonly certificate: string;
  readonly cert: string;
  readonly key?: string;
  readonly chain?: string;
  readonly passphraseFile?: string;
  readonly target: readonly string[];
  readonly dryRun?: boolean;
}

/** `certferry deploy`: reads and judges the bundle before anything is started, then carries it to every target. */
export async function deploy(options: DeployOptions, terminal: Terminal): Promise<number> {
  requireLocalMode(options, 'deploy');
  const targets = selectTargets(readTargets(options.targets), options.certificate, options.target);
  const read = judge(options, targets);
  if (!('bundle' in read)) return finish(read.refused, options, terminal);
  for (const warning of read.warnings) terminal.err(terminal.colours.yellow(`warning: ${warning}`));
  const { leaf, chain, key } = read.bundle;
  const order = {
    action: options.dryRun === true ? ('validate' as const) : ('deploy' as const),
    secret: { certificate: leaf, chain: chain.join(''), privateKey: key },
    fingerprint: read.facts.fingerprint,
  };
  return perform(targets, order, options, terminal);
}

function judge(options: DeployOptions, targets: AtLeastOne<Target>) {
  try {
    return readBundleFiles(options, new Date()) satisfies ReadBundle;
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const end = { summary: `the bundle is refused: ${error.message}`, reason: error.name };
    const [first, ...others] = targets;
    return {
      refused: [
        notRecorded(first, 'rejected', end),
        ...others.map((target) => notRecorded(target, 'rejected', end)),
      ] as const,
    };
  }
}
