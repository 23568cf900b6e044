import { DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { GetBucketVersioningCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand } from '@aws-sdk/client-ssm';
import type { CertificateSource } from '../../core/deployment/source.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Clients } from '../stack/clients.ts';
import { amiss, type Check, check, type Finding, listed, well } from './check.ts';

const applyFile = 'Correct the targets file and apply it: certferry targets apply FILE';

/** What is registered, and whether each certificate's source is there. Keys are never read: only what describes them. */
export async function sourceChecks(
  clients: Clients,
  certificates: readonly Certificate[],
  targets: readonly RegisteredTarget[],
): Promise<Check[]> {
  return Promise.all([
    check('registrations', async () => registered(certificates, targets)),
    ...certificates.map(({ name, source }) => check(`source of ${name}`, () => sourceOf(clients, source))),
  ]);
}

function registered(certificates: readonly Certificate[], targets: readonly RegisteredTarget[]): Finding {
  const found = `${certificates.length} certificates, ${targets.length} targets`;
  if (targets.length === 0)
    return amiss(found, 'Register targets: certferry targets apply FILE, or in the code of the stack');
  const names = new Set(certificates.map(({ name }) => name));
  const without = targets.filter(({ certificate }) => !names.has(certificate)).map(({ id }) => id);
  if (without.length === 0) return well(found);
  return amiss(`${found}; the certificate of ${listed(without)} is not registered`, applyFile);
}

async function sourceOf(clients: Clients, source: CertificateSource | undefined): Promise<Finding> {
  if (source === undefined) {
    return amiss('none: versions reach its targets only when somebody names them', applyFile);
  }
  try {
    return await looks[source.kind](clients, source as never);
  } catch (error) {
    if (error instanceof Error && missing.has(error.name)) {
      return amiss(`${source.kind}: ${error.name}: it is not there`, applyFile);
    }
    throw error;
  }
}

const missing = new Set(['ResourceNotFoundException', 'NotFound', 'NoSuchBucket', 'NoSuchKey']);

type Looks = {
  readonly [Kind in CertificateSource['kind']]: (
    clients: Clients,
    source: Extract<CertificateSource, { kind: Kind }>,
  ) => Promise<Finding>;
};

const looks: Looks = {
  async secretsmanager({ secrets }, { secretId }) {
    const { DeletedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
    if (DeletedDate === undefined) return well(`secret ${secretId}`);
    return amiss(
      `secret ${secretId} is marked for deletion`,
      'Restore it: aws secretsmanager restore-secret',
    );
  },
  async acm({ acm }, { certificateArn }) {
    const { Certificate } = await acm.send(
      new DescribeCertificateCommand({ CertificateArn: certificateArn }),
    );
    const { Status, Type, Options } = Certificate ?? {};
    const found = `${certificateArn}: ${Status}, ${Type}`;
    if (Status !== 'ISSUED') return amiss(found, 'ACM has to issue it first: see its domain validation.');
    if (Type === 'PRIVATE' || Options?.Export === 'ENABLED') return well(found);
    return amiss(`${found}, not exportable`, 'Request it again with export enabled, and register that one.');
  },
  async s3({ s3 }, { bucket, key }) {
    const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }));
    const found = `s3://${bucket}/${key}`;
    if (Status !== 'Enabled') {
      return amiss(
        `${found}: the bucket keeps no versions`,
        `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
      );
    }
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return well(found);
  },
  async parameter({ ssm }, { name }) {
    const { Parameters: [parameter] = [] } = await ssm.send(
      new DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Values: [name] }] }),
    );
    if (parameter === undefined) return amiss(`parameter ${name} is not there`, applyFile);
    if (parameter.Type === 'SecureString') return well(`parameter ${name}, version ${parameter.Version}`);
    return amiss(
      `parameter ${name} is a ${parameter.Type}: its key can be read in clear`,
      'Write it again as a SecureString.',
    );
  },
};
