import * as z from 'zod/mini';
import { CertificateSource } from '../deployment/source.ts';
import { CertificateName } from '../targets/target.ts';
import { Verify } from '../targets/verify.ts';
import { RecordedStrategy, StrategyOverrides } from './strategy.ts';

/** No host looks at a service: which one would it be? A probeFrom that follows from port 25 is as wrong as one that was said. */
const ServiceEndpoint = Verify.check(
  z.check(({ value, issues }) => {
    if (issues.length > 0 || value.probeFrom === 'lambda') return;
    const message =
      "lambda, since a service is nobody's node: on port 25, which Lambda reaches only where AWS has opened it, say so, or look at another port, or at the nodes (verify of the targets)";
    issues.push({ code: 'custom', path: ['probeFrom'], message, input: value });
  }),
);

const mostEndpoints = 20;

const fields = {
  name: CertificateName,
  source: z.optional(CertificateSource),
  strategy: z._default(StrategyOverrides, {}),
  /** What the service as a whole serves (load balancers): looked at after each wave, never a reason to undo a node. */
  serviceEndpoints: z._default(z.array(ServiceEndpoint).check(z.maxLength(mostEndpoints)), []),
};

/** A certificate as people write it: where its versions come from, and how they are rolled out. */
export const Certificate = z.strictObject(fields);
export type Certificate = z.infer<typeof Certificate>;

/** The same as it was once registered: rules that came later hold for what is written, so that it can be read and mended. */
export const RecordedCertificate = z.strictObject({
  ...fields,
  strategy: z._default(RecordedStrategy, {}),
  serviceEndpoints: z._default(z.array(Verify).check(z.maxLength(mostEndpoints)), []),
});
