import type { ReadBundle } from '../../core/certificate/read-bundle.ts';
import { type CertferryError, isCertferryError } from '../../core/errors.ts';
import type { Target } from '../../core/target/target.ts';
import { exitCodes } from '../exit-codes.ts';
import { readBundleFiles } from '../input/bundle.ts';
import { onThisMachine, readTargetsFile, selectTargets } from '../input/targets.ts';
import { fold } from '../render/text.ts';
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
  const [first, ...others] = selectTargets(
    readTargetsFile(options.targets).targets,
    options.certificate,
    options.target,
  );
  const targets = [onThisMachine(first), ...others.map(onThisMachine)] as const;
  const read = judge(options);
  if (!('bundle' in read)) return refuse(read, targets, options, terminal);
  for (const warning of read.warnings) terminal.err(terminal.colours.yellow(`warning: ${warning}`));
  const { leaf, chain, key } = read.bundle;
  const order = {
    action: options.dryRun === true ? ('validate' as const) : ('deploy' as const),
    secret: { certificate: leaf, chain: chain.join(''), privateKey: key },
    fingerprint: read.facts.fingerprint,
  };
  return perform(targets, order, options, terminal);
}

function judge(options: DeployOptions): ReadBundle | CertferryError {
  try {
    return readBundleFiles(options, new Date());
  } catch (error) {
    if (isCertferryError(error)) return error;
    throw error;
  }
}

/** In words, once for all targets: they have nothing to do with it. */
function refuse(
  { name, message }: CertferryError,
  targets: AtLeastOne<Target>,
  options: DeployOptions,
  terminal: Terminal,
): number {
  if (options.json === true) {
    const end = { summary: `the bundle is refused: ${message}`, reason: name };
    const [first, ...others] = targets;
    const refused = others.map((target) => notRecorded(target, 'rejected', end));
    return finish([notRecorded(first, 'rejected', end), ...refused], options, terminal);
  }
  const [head = '', ...rest] = fold(`rejected: ${name}: ${message}`, terminal.width - 2);
  terminal.out(`${terminal.colours.red('✖')} ${head}`);
  for (const line of rest) terminal.out(`  ${line}`);
  terminal.out('  Nothing was started, and nothing was touched.');
  return exitCodes.rejected;
}
