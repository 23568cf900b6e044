import { describe, expect, test } from 'vitest';
import type { F5Plan } from '../../../agent-scripts/stores/f5/plan.ts';
import type { DeviceCall, Fault } from '../../fakes/big-ip/big-ip.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import {
  type BigIpSite,
  desired,
  objectNames,
  profilePath,
  startBigIp,
  type Version,
  versionOf,
} from '../../rigs/big-ip.ts';

/** A fault at one request, or at that request and all later ones: the agent is dead. */
const faults: Readonly<Record<string, { readonly fault: Fault; readonly lasts: boolean }>> = {
  'refused with 400': {
    fault: { kind: 'answer', status: 400, message: '01070734:3: refused' },
    lasts: false,
  },
  'answered with 500': {
    fault: { kind: 'answer', status: 500, message: 'AsyncContext timeout' },
    lasts: false,
  },
  'answered with 401': {
    fault: { kind: 'answer', status: 401, message: 'X-F5-Auth-Token has expired.' },
    lasts: false,
  },
  'throttled once': { fault: { kind: 'answer', status: 429, message: 'Too many requests' }, lasts: false },
  'answered with half an answer': { fault: { kind: 'cut' }, lasts: false },
  'performed, and its answer lost': { fault: { kind: 'lost' }, lasts: false },
  'not performed before the deadline': { fault: { kind: 'ignored' }, lasts: false },
  'performed after the deadline': { fault: { kind: 'late' }, lasts: false },
  'the first one after the death of the agent': { fault: { kind: 'gone' }, lasts: true },
};

const config = { deviceGroup: 'pair' };

interface Prepared {
  readonly site: BigIpSite;
  readonly next: Version;
  readonly plan: F5Plan;
  readonly objects: readonly string[];
}

const versions = Promise.all([aVersion(), aVersion()]).then((issued) => issued.map(versionOf));

async function prepare(isApplied: boolean): Promise<Prepared> {
  const [old, next] = (await versions) as [Version, Version];
  const site = await startBigIp({ config, old });
  const objects = objectNames(site.device);
  const store = await site.open();
  const { plan } = await store.plan(desired(next));
  if (isApplied) await store.apply(plan, desired(next));
  await store.close();
  return { site, next, plan, objects };
}

/**
 * Runs one step with a fault at the n-th request, and checks at each request that running and saved configuration are
 * complete. Returns null if the step has fewer requests.
 */
async function stepWithFault(
  { site, next, plan }: Prepared,
  step: (store: Awaited<ReturnType<BigIpSite['open']>>, plan: F5Plan, next: Version) => Promise<unknown>,
  { n, fault, lasts }: { n: number; fault: Fault; lasts: boolean },
): Promise<'done' | 'failed' | null> {
  const { device, old } = site;
  const controller = new AbortController();
  const before = device.calls.length;
  const complete = [old.version.fingerprint, next.version.fingerprint];
  // a failed expectation inside of the server would only look like a lost answer
  const served = new Set<string>();
  let isHit = false;
  device.fault = ({ n: at }: DeviceCall) => {
    served.add(device.serves(profilePath)).add(device.serves(profilePath, 0, device.saved));
    const applies = lasts ? at - before >= n : at - before === n;
    if (!applies) return null;
    isHit = true;
    if (fault.kind === 'ignored' || fault.kind === 'late') setImmediate(() => controller.abort());
    return fault;
  };
  const result = await run().then(
    () => 'done' as const,
    () => 'failed' as const,
  );
  device.fault = () => null;
  expect(complete).toEqual(expect.arrayContaining([...served]));
  return isHit ? result : null;

  async function run() {
    const store = await site.open({ signal: controller.signal });
    try {
      await step(store, plan, next);
    } finally {
      await store.close();
    }
  }
}

/** What a reboot would bring back, and what is left. */
function stateOf({ device }: BigIpSite) {
  device.reboot();
  return {
    served: device.serves(profilePath),
    uploads: [...device.uploads.keys()],
    objects: objectNames(device),
    isInSync: device.group.isInSync,
  };
}

/** Calls `attempt` for the 1st, 2nd, … request until the step has no more. Returns their number. */
async function forEachRequest(attempt: (n: number) => Promise<boolean>): Promise<number> {
  let n = 1;
  while (await attempt(n)) n += 1;
  return n - 1;
}

describe.each(Object.entries(faults))('a request that is %s', (_, kind) => {
  test('Whichever request of a deployment it is, the profile has the new version, or restore returns it to the previous one', async () => {
    const requests = await forEachRequest(async (n) => {
      const prepared = await prepare(false);
      const { site, next, plan, objects } = prepared;
      try {
        const result = await stepWithFault(prepared, (store) => store.apply(plan, desired(next)), {
          n,
          ...kind,
        });
        if (result === 'failed') await (await site.open()).restore(plan);

        const expected = result === 'failed' ? site.old : next;
        const state = stateOf(site);
        expect({ n, ...state }).toMatchObject({
          n,
          served: expected.version.fingerprint,
          uploads: [],
          isInSync: true,
        });
        if (result === 'failed') expect(state.objects).toEqual(objects);
        return result !== null;
      } finally {
        await site.close();
      }
    });

    expect(requests).toBeGreaterThanOrEqual(20);
  });
});

const interruptions = [
  'performed, and its answer lost',
  'the first one after the death of the agent',
] as const;

describe.each(interruptions)('a request of a restore that is %s', (name) => {
  test('Whichever request of a restore it is, a second restore reaches the previous version', async () => {
    const requests = await forEachRequest(async (n) => {
      const prepared = await prepare(true);
      const { site, plan, objects } = prepared;
      try {
        const result = await stepWithFault(prepared, (store) => store.restore(plan), {
          n,
          ...(faults[name] as (typeof faults)[string]),
        });
        if (result === 'failed') await (await site.open()).restore(plan);

        expect({ n, ...stateOf(site) }).toEqual({
          n,
          served: site.old.version.fingerprint,
          uploads: [],
          objects,
          isInSync: true,
        });
        return result !== null;
      } finally {
        await site.close();
      }
    });

    expect(requests).toBeGreaterThan(10);
  });
});

test('After a dry run that died at any request, the next job of the target removes what it left', async () => {
  const requests = await forEachRequest(async (n) => {
    const prepared = await prepare(false);
    const { site, next, plan, objects } = prepared;
    try {
      const result = await stepWithFault(prepared, (store) => store.validate(plan, desired(next)), {
        n,
        fault: { kind: 'gone' },
        lasts: true,
      });
      await (await site.open({ deploymentId: 'next-job' })).collect([]);

      expect(site.device.serves(profilePath)).toBe(site.old.version.fingerprint);
      expect([...site.device.uploads.keys()]).toEqual([]);
      expect(objectNames(site.device)).toEqual(objects);
      return result !== null;
    } finally {
      await site.close();
    }
  });

  expect(requests).toBeGreaterThan(15);
});

test('A reboot after any request of a deployment brings back a version that restore or a repeated apply can complete', async () => {
  await forEachRequest(async (n) => {
    const prepared = await prepare(false);
    const { site, next, plan, objects } = prepared;
    try {
      const result = await stepWithFault(prepared, (store) => store.apply(plan, desired(next)), {
        n,
        fault: { kind: 'gone' },
        lasts: true,
      });
      const afterReboot = stateOf(site).served;
      await (await site.open()).restore(plan);

      expect([site.old.version.fingerprint, next.version.fingerprint]).toContain(afterReboot);
      expect(stateOf(site)).toMatchObject({ served: site.old.version.fingerprint, objects });
      return result !== null;
    } finally {
      await site.close();
    }
  });
});
