import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Grant } from './grant.ts';

/** The keys of the stack for the signatures of jobs. */
export interface SigningKeys {
  /** The key that signs. */
  readonly signing: IKey;
  /** The keys whose signatures hosts accept. */
  readonly accepted: readonly IKey[];
}

/** Signs jobs. */
export const signJobs = ({ signing }: SigningKeys): Grant => ({
  statements: [new PolicyStatement({ actions: ['kms:Sign'], resources: [signing.keyArn] })],
  environment: { JOB_SIGNING_KEY: signing.keyArn },
  wildcards: {},
});

/** Reads the public halves of the keys. */
export const readJobKeys = ({ accepted }: SigningKeys): Grant => ({
  statements: [
    new PolicyStatement({ actions: ['kms:GetPublicKey'], resources: accepted.map(({ keyArn }) => keyArn) }),
  ],
  environment: {},
  wildcards: {},
});
