import { S3Client } from '@aws-sdk/client-s3';
import { createWaveFiles } from '../services/wave-files.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';
import { patiently } from './patiently.ts';

/** The rollouts' files. A rollout halts when one cannot be read: an S3 that is slow for a while is waited for. */
export const waveFiles = once(() => createWaveFiles(new S3Client(patiently), setting('WORK_BUCKET')));
