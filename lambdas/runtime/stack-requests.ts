import { S3Client } from '@aws-sdk/client-s3';
import { createStackRequests } from '../services/stack-requests.ts';
import { once } from './once.ts';

/** What CloudFormation asks of a custom resource. */
export const stackRequests = once(() => createStackRequests(new S3Client({})));
