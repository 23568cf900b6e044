import * as z from 'zod/mini';
import { CertificateSource } from '../deployment/source.ts';
import { described } from '../targets/kinds/described.ts';
import { CertificateName } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';
import { RecordedStrategy, StrategyOverrides } from './strategy.ts';

/** Refuses `probeFrom: host`, explicit or the default for SMTP on port 25: a service has no host of its own. */
const ServiceEndpoint = Verify.check(
  z.check(({ value, issues }) => {
    if (issues.length > 0 || value.probeFrom === 'lambda') return;
    const message =
      'lambda, because a service has no host of its own. On port 25, which Lambda reaches only if AWS has opened it, set probeFrom: lambda, or use another port, or verify the targets instead';
    issues.push({ code: 'custom', path: ['probeFrom'], message, input: value });
  }),
);

const maximumServiceEndpoints = 20;

const serviceEndpointsDescription =
  'Endpoints of the whole service, such as a load balancer, probed after each wave. A stale service never rolls back a target.';

const fields = {
  name: described(CertificateName, 'The name of the certificate. Targets refer to it as their certificate.'),
  source: described(
    z.optional(CertificateSource),
    'Where the versions of the certificate are stored. A change there starts a rollout.',
  ),
  strategy: described(
    z._default(StrategyOverrides, {}),
    'How a rollout proceeds. Fields that are not set have the defaults of the stack.',
  ),
  serviceEndpoints: described(
    z._default(z.array(ServiceEndpoint).check(z.maxLength(maximumServiceEndpoints)), []),
    serviceEndpointsDescription,
  ),
};

/** A certificate as written in a targets file: the source of its versions, and how they are rolled out. */
export const Certificate = z.strictObject(fields);
export type Certificate = z.infer<typeof Certificate>;

/** A certificate as stored in the registry: newer rules apply only when it is written, so that older items can be read. */
export const RecordedCertificate = z.strictObject({
  ...fields,
  strategy: z._default(RecordedStrategy, {}),
  serviceEndpoints: z._default(z.array(Verify).check(z.maxLength(maximumServiceEndpoints)), []),
});
