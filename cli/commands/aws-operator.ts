import { CertferryError } from '../../core/errors.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Identity, Operator } from '../../local/aws/operator.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Why a stack refuses the option. */
export const onlyLocal = '--stack: select your credentials with --profile';

type AcmTarget = Extract<RegisteredTarget, { kind: 'acm' }>;
type AnyTarget = Pick<RegisteredTarget, 'id' | 'kind' | 'config'>;

/**
 * The credentials that `--aws-credentials` names, for targets of kind acm. Asks AWS whose they are and prints the answer on standard
 * error, before anything is changed. `targets` is null if they are known only later. Undefined without the option: local mode then refuses such targets.
 * @throws UsageError if no target needs them
 * @throws CertferryError CredentialUnavailable if AWS does not accept them, InvalidTarget if a target is in another account
 */
export async function operatorFor(
  name: string | undefined,
  targets: readonly AnyTarget[] | null,
  terminal: Terminal,
): Promise<Operator | undefined> {
  if (name === undefined) return undefined;
  const inAcm = (targets ?? []).filter((target): target is AcmTarget => target.kind === 'acm');
  const [first] = inAcm;
  if (first === undefined && targets !== null)
    throw new UsageError(
      '--aws-credentials is only for targets of kind acm, and none of these targets is one',
    );
  const { operatorWith } = await import('../../local/aws/operator.ts');
  const operator = operatorWith(name);
  const identity = await operator.identity(first === undefined ? usualRegion : regionOf(first));
  for (const target of inAcm) requireAccount(target, identity);
  const users = first === undefined ? 'targets of kind acm' : inAcm.map(({ id }) => id).join(', ');
  terminal.err(`AWS account ${identity.account}, as ${identity.arn}, for ${users}`);
  return operator;
}

const usualRegion = 'us-east-1';

const partsOf = ({ config: { certificateArn = '' } }: AcmTarget) => certificateArn.split(':');

/** An ARN contains the region; a first import names it. */
const regionOf = (target: AcmTarget): string => partsOf(target)[3] ?? target.config.region ?? usualRegion;

function requireAccount(target: AcmTarget, { account, arn }: Identity): void {
  const expected = partsOf(target)[4];
  if (expected === undefined || expected === account) return;
  throw new CertferryError(
    'InvalidTarget',
    `the certificate of target ${target.id} is in account ${expected}, but these AWS credentials are of account ${account} (${arn}). Nothing was changed. Name a profile of account ${expected} with --aws-credentials.`,
    { details: { targetId: target.id } },
  );
}
