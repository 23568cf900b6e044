import { DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { GetBucketVersioningCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand } from '@aws-sdk/client-ssm';
import { type Check, type Finding, failed, listed, nothing, passed } from '../../core/check.ts';
import { counted } from '../../core/counted.ts';
import type { CertificateSource } from '../../core/deployment/source.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { answered } from '../stack/aws-calls.ts';
import type { Clients } from '../stack/clients.ts';
import { check } from './check.ts';

const applyFile = 'Correct the targets file and apply it: certferry targets apply FILE';
const registerFirst = 'Register targets with "certferry targets apply FILE", or in the code of the stack.';

/** Checks that the source of each certificate exists. Reads descriptions only, never keys. */
export async function sourceChecks(clients: Clients, certificates: readonly Certificate[]): Promise<Check[]> {
  if (certificates.length === 0) {
    return [await check('sources', async () => nothing('no certificate is registered', registerFirst))];
  }
  return Promise.all(
    certificates.map(({ name, source }) => check(`source of ${name}`, () => sourceOf(clients, source))),
  );
}

/** Whether there are registrations, and each target has its certificate. */
export function registered(
  certificates: readonly Certificate[],
  targets: readonly RegisteredTarget[],
): Finding {
  const found = `${counted(certificates.length, 'certificate')}, ${counted(targets.length, 'target')}`;
  if (targets.length === 0) return nothing(found, registerFirst);
  const names = new Set(certificates.map(({ name }) => name));
  const orphans = targets.filter(({ certificate }) => !names.has(certificate)).map(({ id }) => id);
  if (orphans.length === 0) return passed(found);
  return failed(`${found}; the certificate of ${listed(orphans)} is not registered`, applyFile);
}

async function sourceOf(clients: Clients, source: CertificateSource | undefined): Promise<Finding> {
  if (source === undefined) {
    return failed('no source: only rollouts with a given version are possible', applyFile);
  }
  try {
    return await checks[source.kind](clients, source as never);
  } catch (error) {
    if (error instanceof Error && missing.has(error.name)) {
      return failed(`${source.kind}: ${error.name}: not found`, applyFile);
    }
    throw error;
  }
}

const missing = new Set(['ResourceNotFoundException', 'NotFound', 'NoSuchBucket', 'NoSuchKey']);

type SourceChecks = {
  readonly [Kind in CertificateSource['kind']]: (
    clients: Clients,
    source: Extract<CertificateSource, { kind: Kind }>,
  ) => Promise<Finding>;
};

const checks: SourceChecks = {
  async secretsmanager({ secrets }, { secretId }) {
    const { DeletedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
    if (DeletedDate === undefined) return passed(`secret ${secretId}`);
    return failed(
      `secret ${secretId} is marked for deletion`,
      'Restore it: aws secretsmanager restore-secret',
    );
  },
  async acm({ acm }, { certificateArn }) {
    const { Certificate } = await acm.send(
      new DescribeCertificateCommand({ CertificateArn: certificateArn }),
    );
    const call = { service: 'ACM', call: 'DescribeCertificate' };
    const { Status, Type, Options } = answered(Certificate, call, 'Certificate');
    const found = `${certificateArn}: ${Status}, ${Type}`;
    if (Status !== 'ISSUED') return failed(found, 'Complete the domain validation, so that ACM issues it.');
    if (Type === 'PRIVATE' || Options?.Export === 'ENABLED') return passed(found);
    return failed(
      `${found}, not exportable`,
      'Request a new certificate with export enabled, and register that one.',
    );
  },
  async s3({ s3 }, { bucket, key }) {
    const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    const found = `s3://${bucket}/${key}`;
    if (Status !== 'Enabled') {
      return failed(
        `${found}: versioning of the bucket is off`,
        `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
      );
    }
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return passed(found);
  },
  async parameter({ ssm }, { name }) {
    const { Parameters } = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Values: [name] }] }),
    );
    const [parameter] = answered(Parameters, { service: 'SSM', call: 'DescribeParameters' }, 'Parameters');
    if (parameter === undefined) return failed(`parameter ${name} not found`, applyFile);
    if (parameter.Type === 'SecureString') return passed(`parameter ${name}, version ${parameter.Version}`);
    return failed(
      `parameter ${name} is a ${parameter.Type}, so the private key is stored unencrypted`,
      'Replace it with a SecureString.',
    );
  },
};
