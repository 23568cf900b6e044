import { X509Certificate } from 'node:crypto';
import { describeCertificate } from '../certificate/describe.ts';
import { CertferryError } from '../errors.ts';
import type { VerifyPolicy } from '../targets/verify.ts';
import { serverNameOf } from './probe.ts';
import { nameProblem } from './served-problem.ts';

/** The fields of a target that decide which name its certificate must cover. */
interface NamedTarget {
  readonly id: string;
  readonly verify: VerifyPolicy;
}

/**
 * Checks before a deployment what the verification requires after it: the leaf (PEM) covers `serverName`, else the host of
 * the endpoint unless that is an address. There is no name to check with `verify: none`.
 * @throws CertferryError NameNotCovered
 */
export function requireCoveredName({ id, verify }: NamedTarget, leafPem: string): void {
  if (verify === 'none') return;
  const name = serverNameOf(verify);
  const leaf = new X509Certificate(leafPem);
  const problem = nameProblem(leaf, name);
  if (problem === null) return;
  const field = verify.serverName === undefined ? 'the host of verify.endpoint' : 'verify.serverName';
  const message = `The leaf ${describeCertificate(leaf)} ${problem}, so clients of target ${id} would refuse it. Deploy a certificate that covers ${name}, or correct ${field} of the target.`;
  throw new CertferryError('NameNotCovered', message, { details: { targetId: id, name } });
}
