import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { CertferryError } from '../../core/errors.ts';
import { bundleInputOf } from './content.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, Unpinned } from './source-reader.ts';

/** A SecureString, whose versions count from 1. One that is not encrypted is refused: it holds a private key. */
export function parameterStoreReader(client: SSMClient): SourceReader<'parameter'> {
  return {
    pinned: (source) => findParameter(client, source, source.version),
    latest: (source) => findParameter(client, source, undefined),
    async previous(source) {
      const now = pinnedVersion(await findParameter(client, source, undefined));
      return now > 1 ? orNull(findParameter(client, source, now - 1)) : null;
    },
  };
}

async function findParameter(
  client: SSMClient,
  { kind, name }: Unpinned<'parameter'>,
  asked: number | undefined,
): Promise<SourceContent> {
  const Name = asked === undefined ? name : `${name}:${asked}`;
  const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
  const source = { kind, name, version: asked ?? Parameter?.Version ?? 0 };
  const where = labelOf(source);
  if (Parameter?.Type !== 'SecureString') throw notEncrypted(source, String(Parameter?.Type));
  return { source, where, input: bundleInputOf(Parameter.Value ?? '', where) };
}

const pinnedVersion = ({ source }: SourceContent) => ('version' in source ? source.version : 0);

/** Parameter Store keeps 100 versions and forgets the oldest. */
async function orNull(found: Promise<SourceContent>): Promise<SourceContent | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterVersionNotFound') return null;
    throw error;
  }
}

function notEncrypted(source: Unpinned<'parameter'>, type: string): CertferryError {
  const { name, details } = labelOf(source);
  const message = `${name} is of type ${type}, but a private key may only be kept in a SecureString. Write it again with "--type SecureString", and take the key in it for known: everybody who may read parameters could read it.`;
  return new CertferryError('SourceUnfit', message, { details });
}
