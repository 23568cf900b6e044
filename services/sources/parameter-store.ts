import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { CertferryError } from '../../core/errors.ts';
import { bundleInputOf } from './content.ts';
import { describe } from './describe.ts';
import type { Found, Place, Unpinned } from './place.ts';

/** A SecureString, whose versions count from 1. One that is not encrypted is refused: it holds a private key. */
export function parameterStorePlace(client: SSMClient): Place<'parameter'> {
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
): Promise<Found> {
  const Name = asked === undefined ? name : `${name}:${asked}`;
  const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
  const source = { kind, name, version: asked ?? Parameter?.Version ?? 0 };
  const where = describe(source);
  if (Parameter?.Type !== 'SecureString') throw notEncrypted(source, String(Parameter?.Type));
  return { source, where, input: bundleInputOf(Parameter.Value ?? '', where) };
}

const pinnedVersion = ({ source }: Found) => ('version' in source ? source.version : 0);

/** Parameter Store keeps 100 versions and forgets the oldest. */
async function orNull(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterVersionNotFound') return null;
    throw error;
  }
}

function notEncrypted(source: Unpinned<'parameter'>, type: string): CertferryError {
  const { name, details } = describe(source);
  const message = `${name} is of type ${type}, but a private key may only be kept in a SecureString. Write it again with "--type SecureString", and take the key in it for known: everybody who may read parameters could read it.`;
  return new CertferryError('SourceUnfit', message, { details });
}
