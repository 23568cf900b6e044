import { afterEach } from 'vitest';
import { scratch } from './scratch.ts';
import { type MapRig, openMapRig } from './small-map.ts';
import { tinyLambdas } from './tiny-lambdas.ts';

interface Sources {
  /** Source of the handler that each item gets. */
  readonly onItem: string;
  readonly after?: string;
}

export const lambdasFor = ({ onItem, after = 'export const handler = async (event) => event;' }: Sources) =>
  tinyLambdas({ 'handle-item': onItem, 'after-wave': after });

/** Opens rigs that are closed after each test. */
export function useMapRigs() {
  const rigs: MapRig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });
  return async ({
    folder = scratch(),
    childrenAtOnce,
    ...sources
  }: Sources & { readonly folder?: string; readonly childrenAtOnce?: number }) => {
    const rig = await openMapRig({ folder, lambdas: lambdasFor(sources), childrenAtOnce });
    rigs.push(rig);
    return rig;
  };
}
