// Cannot show: waiting, several functions at once, a bucket.
import type { Pacing, Urgency } from '../../services/ssm/pacing.ts';

export interface FakePacing extends Pacing {
  readonly turns: { where: string | null; urgency: Urgency }[];
  /** What the next turn throws. */
  refuseNext: Error | null;
}

export function fakePacing(): FakePacing {
  const fake: FakePacing = {
    turns: [],
    refuseNext: null,
    async turn(where, urgency) {
      const refusal = fake.refuseNext;
      fake.refuseNext = null;
      if (refusal !== null && urgency === 'canWait') throw refusal;
      fake.turns.push({ where, urgency });
    },
  };
  return fake;
}
