import { S3Client } from '@aws-sdk/client-s3';
import { createWaveFiles } from '../services/wave-files.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';

/** The rollouts' files. */
export const waveFiles = once(() => createWaveFiles(new S3Client({}), setting('WORK_BUCKET')));
