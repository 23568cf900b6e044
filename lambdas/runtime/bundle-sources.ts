import { setTimeout } from 'node:timers/promises';
import { ACMClient } from '@aws-sdk/client-acm';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { once } from '../../services/once.ts';
import { createSources } from '../../services/sources/sources.ts';

/**
 * The sources of versions, in a file of its own: parsing bundles loads node-forge, which no bundler can omit, and only
 * functions that check or seal a bundle need it.
 */
export const sources = /* @__PURE__ */ once(() =>
  createSources(
    {
      acm: new ACMClient({}),
      s3: new S3Client({ followRegionRedirects: true }),
      secrets: new SecretsManagerClient({}),
      ssm: new SSMClient({}),
    },
    { sleep: setTimeout, random: Math.random },
  ),
);
