import { homedir } from 'node:os';
import { tables } from '../../core/deployment/tables.ts';
import { topicArn } from '../aws/sns.ts';
import type { LocalJobKey } from '../base/job-key.ts';
import { region } from '../base/published-events.ts';
import type { StateFolder } from '../base/state-folder.ts';
import { engineHost } from '../dynamodb/request-handler.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import { runAgent } from '../functions/agent-runs.ts';
import { documentName, probeDocumentName, storeDocumentName } from '../ssm/start.ts';
import { deployTarget, rollout, stateMachineArn } from '../step-functions/arns.ts';

/** The bucket of the rollouts' own files. */
export const workBucket = 'certferry-work';

/** The host names of the services. The thread of the functions sends their requests to sockets. */
export const serviceHosts = {
  ssm: 'ssm.certferry.invalid',
  stepFunctions: 'states.certferry.invalid',
  secretsManager: 'secretsmanager.certferry.invalid',
  s3: 's3.certferry.invalid',
  sns: 'sns.certferry.invalid',
  lambda: 'lambda.certferry.invalid',
  acm: 'acm.certferry.invalid',
} as const;
export type Service = keyof typeof serviceHosts;

/**
 * The whole environment of the functions: what the stack gives them, and where the SDK finds its services. Nothing of
 * the person's own AWS configuration: a call that strayed would go to a real account.
 */
export function lambdaEnvironment(
  { path }: Pick<StateFolder, 'path'>,
  token: string,
  jobKey: LocalJobKey,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: homedir(),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: token,
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    // a service without an entry below gets a port without a listener
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_DYNAMODB: `http://${engineHost}`,
    AWS_ENDPOINT_URL_SSM: `http://${serviceHosts.ssm}`,
    AWS_ENDPOINT_URL_SFN: `http://${serviceHosts.stepFunctions}`,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://${serviceHosts.secretsManager}`,
    AWS_ENDPOINT_URL_S3: `http://${serviceHosts.s3}`,
    AWS_ENDPOINT_URL_SNS: `http://${serviceHosts.sns}`,
    AWS_ENDPOINT_URL_LAMBDA: `http://${serviceHosts.lambda}`,
    [tables.locks.variable]: tableNames.locks,
    [tables.registry.variable]: tableNames.registry,
    [tables.deployments.variable]: tableNames.deployments,
    WORK_BUCKET: workBucket,
    NOTIFICATIONS_TOPIC: topicArn,
    COMMAND_OPTIONS: `--local --state ${quoted(path)}`,
    // keys and targets were in the memory of the process that began with them
    COMMAND_TARGET_OPTIONS: '--targets FILE',
    COMMAND_VERSION_OPTIONS: '--cert FILE --key FILE',
    ROLLOUT_ARN: stateMachineArn(rollout),
    DEPLOY_TARGET_ARN: stateMachineArn(deployTarget),
    // this machine is every host
    PROBE_FROM: 'host',
    // local mode has no throttling
    SEND_RATE: '1000',
    SEND_BURST: '1000',
    DOCUMENT_NAME: documentName,
    PROBE_DOCUMENT_NAME: probeDocumentName,
    STORE_DOCUMENT_NAME: storeDocumentName,
    JOB_SIGNING_KEY: jobKey.path,
    DOCUMENT_VERSION: '$DEFAULT',
    RUN_AGENT_FUNCTION: runAgent,
    // the operator's own files
    CREDENTIAL_FILES: 'read',
  };
}

/**
 * More variables if the operator permits targets of kind acm: where their requests go, and kept copies, because local mode has no
 * source that keeps an earlier version.
 */
export function acmEnvironment(dataKey: string): Record<string, string> {
  return { AWS_ENDPOINT_URL_ACM: `http://${serviceHosts.acm}`, DATA_KEY: dataKey, KEPT_COPIES: 'all' };
}

/** A word of a command line to copy, for a shell. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
