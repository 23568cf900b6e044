// Not simulated: waiting, parallel functions, the bucket.
import type { SendRate, Urgency } from '../../services/ssm/send-rate.ts';

export interface FakeSendRate extends SendRate {
  readonly slots: { where: string | null; urgency: Urgency }[];
  /** The error of the next call. */
  refuseNext: Error | null;
}

export function fakeSendRate(): FakeSendRate {
  const fake: FakeSendRate = {
    slots: [],
    refuseNext: null,
    async waitForSlot(where, urgency) {
      const refusal = fake.refuseNext;
      fake.refuseNext = null;
      if (refusal !== null && urgency === 'canWait') throw refusal;
      fake.slots.push({ where, urgency });
    },
  };
  return fake;
}
