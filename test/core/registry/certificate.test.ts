import { expect, test } from 'vitest';
import { Certificate } from '../../../core/registry/certificate.ts';
import { problemLines } from '../../../core/targets/problems.ts';

test('Services are not probed from a host, neither by configuration nor because of port 25', () => {
  const input = {
    name: 'mail.test',
    serviceEndpoints: [
      { endpoint: 'mail.test:25', protocol: 'smtp' },
      { endpoint: 'mail.test:443', probeFrom: 'host' },
      { endpoint: 'mail.test:25', protocol: 'smtp', probeFrom: 'lambda' },
      { endpoint: 'mail.test:587', protocol: 'smtp' },
    ],
  };
  const { error } = Certificate.safeParse(input);
  const lambda =
    'lambda, because a service has no host of its own. On port 25, which Lambda reaches only if AWS has opened it, set probeFrom: lambda, or use another port, or verify the targets instead';

  expect(problemLines({ schema: Certificate, input }, error?.issues ?? [])).toEqual([
    `serviceEndpoints[0].probeFrom: is required: ${lambda}`,
    `serviceEndpoints[1].probeFrom: expected ${lambda}, got "host"`,
  ]);
});
