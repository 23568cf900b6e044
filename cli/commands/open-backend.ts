import type { Account } from '../../account/stack-backend.ts';
import type { Ferry } from '../../local/backend/local-backend.ts';
import type { There } from '../../services/backend/backend.ts';
import { judgeStateFolder, unusable } from '../input/check-state-folder.ts';
import type { Place, StackPlace } from '../options/backend-options.ts';

/** Works on this machine's state folder for as long as `work` takes; makes the folder unless it `mustExist`. */
export async function withFerry<Result>(
  state: string,
  work: (ferry: Ferry) => Promise<Result>,
  { mustExist = false } = {},
): Promise<Result> {
  judgeStateFolder(state, { mustExist });
  const ferry = await open(state);
  try {
    return await work(ferry);
  } finally {
    await ferry.close();
  }
}

async function open(state: string): Promise<Ferry> {
  const { openFerry } = await import('../../local/backend/local-backend.ts');
  try {
    return await openFerry({ stateDir: state });
  } catch (error) {
    throw isOfFiles(error) ? unusable(state, error) : error;
  }
}

function isOfFiles(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'path' in error;
}

/** Works on a stack for as long as `work` takes. */
export async function withAccount<Result>(
  { stack, region, profile }: StackPlace,
  work: (account: Account) => Promise<Result>,
): Promise<Result> {
  const { openAccount } = await import('../../account/stack-backend.ts');
  const account = await openAccount({ stack, region, profile });
  try {
    return await work(account);
  } finally {
    account.close();
  }
}

/** Either, for what both can do. */
export function withPlace<Result>(place: Place, work: (there: There) => Promise<Result>): Promise<Result> {
  return place.kind === 'local'
    ? withFerry(place.state, work, { mustExist: true })
    : withAccount(place, work);
}
