import { afterEach } from 'vitest';
import { scratch } from './scratch.ts';
import { type MapHouse, openMapHouse } from './small-map.ts';
import { tinyLambdas } from './tiny-lambdas.ts';

interface Sources {
  /** Source of the handler that each item gets. */
  readonly carry: string;
  readonly after?: string;
}

export const lambdasFor = ({ carry, after = 'export const handler = async (event) => event;' }: Sources) =>
  tinyLambdas({ 'carry-item': carry, 'after-wave': after });

/** Opens houses that are closed after each test. */
export function useMapHouses() {
  const houses: MapHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.close();
  });
  return async ({
    folder = scratch(),
    childrenAtOnce,
    ...sources
  }: Sources & { readonly folder?: string; readonly childrenAtOnce?: number }) => {
    const house = await openMapHouse({ folder, lambdas: lambdasFor(sources), childrenAtOnce });
    houses.push(house);
    return house;
  };
}
