import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { newAccountConcurrency } from '../../core/registry/strategy.ts';

/** Synthesis cannot read the quota of the account. `acknowledgeWarning` with the id of the warning silences it. */
export function warnOfConcurrency(scope: Construct, what: string, maxConcurrency: number | undefined): void {
  if (maxConcurrency === undefined || maxConcurrency < newAccountConcurrency) return;
  Annotations.of(scope).addWarningV2(
    'certferry:maxConcurrency',
    `${what}: maxConcurrency is ${maxConcurrency}, and Lambda runs ${newAccountConcurrency} functions at once in a new account. Throttled functions delay deployments, and their probes may not be made. Compare the quota with "certferry doctor --stack NAME".`,
  );
}
