import { stepsOf, takenOf } from './deployment-steps.ts';
import type { Quotas } from './quotas.ts';

/** The cost of 1,000 deployments in dollars, by service. */
export function costOfThousand(quotas: Quotas): Readonly<Record<string, number>> {
  const steps = stepsOf(quotas);
  const { prices, perDeployment } = quotas;
  const lambdas = steps.filter(({ lambda }) => lambda);
  const lambdaSeconds = lambdas.reduce((sum, { seconds }) => sum + seconds, 0);
  const gigabytes = perDeployment.lambdaMegabytes / 1024;
  const perMillion = (count: number, { dollars }: { dollars: number }) =>
    (count * 1000 * dollars) / 1_000_000;
  return {
    'Step Functions': takenOf('transitions', steps) * prices.transitionsPerThousand.dollars,
    Lambda:
      perMillion(lambdas.length, prices.lambdaRequestsPerMillion) +
      perMillion(lambdaSeconds * gigabytes, prices.lambdaGigabyteSecondsPerMillion),
    DynamoDB:
      perMillion(takenOf('tableWrites', steps) + takenOf('paceWrites', steps), prices.writeUnitsPerMillion) +
      perMillion(perDeployment.readUnits, prices.readUnitsPerMillion),
    'Secrets Manager':
      (takenOf('sourceReads', steps) * 1000 * prices.secretReadsPerTenThousand.dollars) / 10_000,
    'CloudWatch Logs': (perDeployment.logKilobytes * 1000 * prices.logsPerGigabyte.dollars) / (1024 * 1024),
  };
}
