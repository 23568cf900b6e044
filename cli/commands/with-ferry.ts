import { type Ferry, openFerry } from '../../local/ferry.ts';

/** Opens a state folder for as long as `work` takes. */
export async function withFerry<Result>(
  state: string,
  work: (ferry: Ferry) => Promise<Result>,
): Promise<Result> {
  const ferry = await openFerry({ stateDir: state });
  try {
    return await work(ferry);
  } finally {
    await ferry.close();
  }
}
