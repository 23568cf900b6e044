import { CertferryError } from '../../../core/errors.ts';
import type { RemoteFiles } from './remote-files.ts';

type Database = 'owner' | 'group';
const tables: Readonly<Record<Database, string>> = { owner: '/etc/passwd', group: '/etc/group' };

/**
 * The number of a user or group on the server: SFTP knows only numbers. Null if none is configured.
 * @throws CertferryError UnknownOwner
 */
export async function ownerId(
  server: string,
  files: RemoteFiles,
  database: Database,
  principal: string | undefined,
): Promise<number | null> {
  if (principal === undefined) return null;
  if (/^[0-9]+$/.test(principal)) return Number(principal);
  const table = (await files.read(tables[database]))?.toString('utf8') ?? '';
  const id = idIn(table, principal);
  if (id !== null) return id;
  throw new CertferryError(
    'UnknownOwner',
    `${server} has no ${database} "${principal}" in ${tables[database]}; create it there, or set ${database} of the target to its number in quotes`,
    { details: { principal, server } },
  );
}

/** passwd(5) and group(5): the name is the first field, the number the third. */
function idIn(table: string, name: string): number | null {
  const fields = table
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  return fields?.[2] === undefined ? null : Number(fields[2]);
}
