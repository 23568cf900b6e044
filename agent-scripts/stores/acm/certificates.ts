import {
  type ACMClient,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  GetCertificateCommand,
  ImportCertificateCommand,
  type ImportCertificateCommandInput,
  KeyAlgorithm,
  ListCertificatesCommand,
  type ListCertificatesCommandOutput,
  ListTagsForCertificateCommand,
} from '@aws-sdk/client-acm';
import { isNotFound } from './acm-errors.ts';
import { type Repetition, repeatRequest, type Sleep } from './repeat-request.ts';

/** A certificate as ACM returns it. `chain` in the order of ACM. */
export interface StoredCertificate {
  readonly leaf: string;
  readonly chain: readonly string[];
}

/** What ACM reports about a certificate without its bytes. */
export interface CertificateDetail {
  /** IMPORTED, AMAZON_ISSUED or PRIVATE. */
  readonly type: string;
  /** As `keyTypeOf` of import-rules.ts names it. */
  readonly keyType: string;
}

/** Leaf, intermediates and key for an import. */
export interface Import extends StoredCertificate {
  readonly key: string;
}

export type Tags = Readonly<Record<string, string>>;

/**
 * The requests to ACM in one region. Each is repeated while ACM is busy and, except imports, after an answer was lost.
 * All throw the errors of `acm-errors.ts`.
 */
export interface Certificates {
  readonly region: string;
  readonly deadline: AbortSignal;
  readonly sleep: Sleep;
  /** Null if the certificate does not exist. */
  read(arn: string): Promise<StoredCertificate | null>;
  describe(arn: string): Promise<CertificateDetail>;
  /** The ARNs of the imported certificates that have all of these tags. */
  tagged(tags: Tags): Promise<string[]>;
  /** @throws UnclearRequest if the answer was lost */
  replace(arn: string, content: Import): Promise<void>;
  /** Imports a new certificate, and returns its ARN. @throws UnclearRequest if the answer was lost */
  create(content: Import, tags: Tags): Promise<string>;
  /** Succeeds if the certificate does not exist. */
  remove(arn: string): Promise<void>;
}

type Send = <Result>(
  request: { readonly action: string; readonly of: string; readonly once?: boolean },
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<Result>,
) => Promise<Result>;

export function createCertificates(
  client: Pick<ACMClient, 'send'>,
  { region, deadline, sleep }: Pick<Certificates, 'region' | 'deadline' | 'sleep'>,
): Certificates {
  const send: Send = async ({ action, of, once = false }, request) => {
    const repetition: Repetition = { request: { action, of, region }, deadline, sleep, once };
    return await repeatRequest((abortSignal) => request({ abortSignal }), repetition);
  };
  return {
    region,
    deadline,
    sleep,
    read: (arn) =>
      send({ action: 'GetCertificate', of: arn }, (options) =>
        unlessMissing(
          client
            .send(new GetCertificateCommand({ CertificateArn: arn }), options)
            .then(({ Certificate = '', CertificateChain = '' }) => ({
              leaf: Certificate,
              chain: blocksOf(CertificateChain),
            })),
        ),
      ),
    async describe(arn) {
      const { Certificate } = await send({ action: 'DescribeCertificate', of: arn }, (options) =>
        client.send(new DescribeCertificateCommand({ CertificateArn: arn }), options),
      );
      // DescribeCertificate may write RSA-2048, where ListCertificates writes RSA_2048
      return { type: `${Certificate?.Type}`, keyType: `${Certificate?.KeyAlgorithm}`.replace('-', '_') };
    },
    async tagged(tags) {
      const found: string[] = [];
      for (const arn of await importedArns(client, send, region)) {
        const own = await tagsOf(client, send, arn);
        if (Object.entries(tags).every(([key, value]) => own.get(key) === value)) found.push(arn);
      }
      return found;
    },
    async replace(arn, content) {
      const input = { ...inputOf(content), CertificateArn: arn };
      await send({ action: 'ImportCertificate', of: arn, once: true }, (options) =>
        client.send(new ImportCertificateCommand(input), options),
      );
    },
    async create(content, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const input = { ...inputOf(content), Tags };
      const { CertificateArn } = await send(
        { action: 'ImportCertificate', of: 'a new certificate', once: true },
        (options) => client.send(new ImportCertificateCommand(input), options),
      );
      return `${CertificateArn}`;
    },
    async remove(arn) {
      await send({ action: 'DeleteCertificate', of: arn }, (options) =>
        unlessMissing(client.send(new DeleteCertificateCommand({ CertificateArn: arn }), options)),
      );
    },
  };
}

function inputOf({ leaf, chain, key }: Import): ImportCertificateCommandInput {
  return {
    Certificate: Buffer.from(leaf),
    PrivateKey: Buffer.from(key),
    ...(chain.length > 0 && { CertificateChain: Buffer.from(chain.join('')) }),
  };
}

async function unlessMissing<Result>(answer: Promise<Result>): Promise<Result | null> {
  return await answer.catch((error) => {
    if (isNotFound(error)) return null;
    throw error;
  });
}

/** Certificates of one page of ListCertificates. */
const pageSize = 100;

async function importedArns(client: Pick<ACMClient, 'send'>, send: Send, region: string): Promise<string[]> {
  const arns: string[] = [];
  let NextToken: string | undefined;
  do {
    const page: ListCertificatesCommandOutput = await send(
      { action: 'ListCertificates', of: `region ${region}` },
      (options) =>
        client.send(
          // without keyTypes, ACM lists only RSA_1024 and RSA_2048
          new ListCertificatesCommand({
            Includes: { keyTypes: Object.values(KeyAlgorithm) },
            MaxItems: pageSize,
            NextToken,
          }),
          options,
        ),
    );
    const imported = (page.CertificateSummaryList ?? []).filter(
      ({ Type = 'IMPORTED' }) => Type === 'IMPORTED',
    );
    arns.push(...imported.map(({ CertificateArn }) => `${CertificateArn}`));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return arns;
}

/** Empty for a certificate that was deleted since it was listed. */
async function tagsOf(
  client: Pick<ACMClient, 'send'>,
  send: Send,
  arn: string,
): Promise<Map<string, string>> {
  const answer = await send({ action: 'ListTagsForCertificate', of: arn }, (options) =>
    unlessMissing(client.send(new ListTagsForCertificateCommand({ CertificateArn: arn }), options)),
  );
  return new Map((answer?.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function blocksOf(pem: string): string[] {
  return pem.match(certificateBlock)?.map((block) => `${block}\n`) ?? [];
}
