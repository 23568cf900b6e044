import type { Account } from '../../account/account.ts';
import type { Ferry } from '../../local/ferry.ts';
import type { There } from '../ferry.ts';
import type { Place, StackPlace } from './place.ts';

/** Works on this machine's state folder for as long as `work` takes. */
export async function withFerry<Result>(
  state: string,
  work: (ferry: Ferry) => Promise<Result>,
): Promise<Result> {
  const { openFerry } = await import('../../local/ferry.ts');
  const ferry = await openFerry({ stateDir: state });
  try {
    return await work(ferry);
  } finally {
    await ferry.close();
  }
}

/** Works on a stack for as long as `work` takes. */
export async function withAccount<Result>(
  { stack, region, profile }: StackPlace,
  work: (account: Account) => Promise<Result>,
): Promise<Result> {
  const { openAccount } = await import('../../account/account.ts');
  const account = await openAccount({ stack, region, profile });
  try {
    return await work(account);
  } finally {
    account.close();
  }
}

/** Either, for what both can do. */
export function withPlace<Result>(place: Place, work: (there: There) => Promise<Result>): Promise<Result> {
  return place.kind === 'local' ? withFerry(place.state, work) : withAccount(place, work);
}
