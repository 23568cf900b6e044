import { expect, test } from 'vitest';
import { Certificate } from '../../../core/rollout/certificate.ts';
import { problemLines } from '../../../core/target/problems.ts';

test('services are not looked at from a host, whether it was said or follows from port 25', () => {
  const input = {
    name: 'mail.test',
    serviceEndpoints: [
      { endpoint: 'mail.test:25', protocol: 'smtp' },
      { endpoint: 'mail.test:443', vantage: 'host' },
      { endpoint: 'mail.test:25', protocol: 'smtp', vantage: 'lambda' },
      { endpoint: 'mail.test:587', protocol: 'smtp' },
    ],
  };
  const { error } = Certificate.safeParse(input);
  const lambda =
    "lambda, since a service is nobody's node: on port 25, which Lambda reaches only where AWS has opened it, say so, or look at another port, or at the nodes (verify of the targets)";

  expect(problemLines({ schema: Certificate, input }, error?.issues ?? [])).toEqual([
    `serviceEndpoints[0].vantage: is required: ${lambda}`,
    `serviceEndpoints[1].vantage: expected ${lambda}, got "host"`,
  ]);
});
