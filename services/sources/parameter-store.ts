import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { CertferryError } from '../../core/errors.ts';
import { bundleInputOf } from './content.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, UnpinnedSource } from './source-reader.ts';

/** A SecureString, whose versions count from 1. An unencrypted parameter is refused: it contains a private key. */
export function parameterStoreReader(client: SSMClient): SourceReader<'parameter'> {
  return {
    pinned: (source) => findParameter(client, source, source.version),
    latest: (source) => findParameter(client, source, undefined),
    async previous(source) {
      const now = pinnedVersion(await findParameter(client, source, undefined));
      return now > 1 ? nullIfMissing(findParameter(client, source, now - 1)) : null;
    },
  };
}

async function findParameter(
  client: SSMClient,
  { kind, name }: UnpinnedSource<'parameter'>,
  requested: number | undefined,
): Promise<SourceContent> {
  const Name = requested === undefined ? name : `${name}:${requested}`;
  const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
  const source = { kind, name, version: requested ?? Parameter?.Version ?? 0 };
  const where = labelOf(source);
  if (Parameter?.Type !== 'SecureString') throw notEncrypted(source, String(Parameter?.Type));
  return { source, where, input: bundleInputOf(Parameter.Value ?? '', where) };
}

const pinnedVersion = ({ source }: SourceContent) => ('version' in source ? source.version : 0);

/** Parameter Store keeps 100 versions and deletes the oldest. */
async function nullIfMissing(found: Promise<SourceContent>): Promise<SourceContent | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterVersionNotFound') return null;
    throw error;
  }
}

function notEncrypted(source: UnpinnedSource<'parameter'>, type: string): CertferryError {
  const { name, details } = labelOf(source);
  const message = `${name} is of type ${type}, but a private key must be stored in a SecureString. Write it again with "--type SecureString" and a new key: everyone with read access to parameters could read this one.`;
  return new CertferryError('SourceUnfit', message, { details });
}
