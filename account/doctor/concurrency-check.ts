import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { type Check, type Finding, failed, passed } from '../../core/check.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import { mergeStrategies } from '../../core/registry/strategy.ts';
import { answered } from '../stack/aws-calls.ts';
import type { Clients } from '../stack/clients.ts';
import { check } from './check.ts';

/**
 * Compares the concurrency of Lambda in the account with the deployments that a rollout runs at once. A deployment uses one function
 * at a time. Functions that are throttled delay deployments, and their probes may not be made.
 */
export async function concurrencyCheck(
  clients: Pick<Clients, 'lambda'>,
  certificates: readonly Certificate[],
): Promise<Check> {
  return check('Lambda concurrency', () => compared(clients, certificates));
}

async function compared(
  { lambda }: Pick<Clients, 'lambda'>,
  certificates: readonly Certificate[],
): Promise<Finding> {
  const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
  const available = answered(
    AccountLimit?.UnreservedConcurrentExecutions,
    { service: 'Lambda', call: 'GetAccountSettings' },
    'UnreservedConcurrentExecutions',
  );
  const [widest] = certificates
    .map(({ name, strategy }) => ({ name, atOnce: mergeStrategies(strategy).maxConcurrency }))
    .sort((one, other) => other.atOnce - one.atOnce);
  const found = `${available} functions may run at once`;
  if (widest === undefined) return passed(found);
  const compared = `${found}, and ${widest.name} deploys to ${widest.atOnce} targets at once (maxConcurrency)`;
  if (widest.atOnce < available) return passed(compared);
  return failed(
    compared,
    `Set maxConcurrency of ${widest.name} below ${available}, or request a higher quota: Service Quotas, Lambda, L-B99A9384.`,
  );
}
