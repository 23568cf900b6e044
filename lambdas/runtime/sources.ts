import { setTimeout } from 'node:timers/promises';
import { ACMClient } from '@aws-sdk/client-acm';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createSources } from '../services/sources.ts';
import { once } from './once.ts';

/** Where versions' bytes come from. Only the tasks that judge or seal them import this. */
export const sources = once(() =>
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
