// What must hold when everything has come to rest.
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { certificate } from './seeding.ts';
import type { World } from './world.ts';

export function checkEnd(world: World): void {
  checkRollouts(world);
  checkBeliefs(world);
  checkLocks(world);
  checkCurrent(world);
}

/** Every rollout has come to its end, and no execution runs any more. */
function checkRollouts({ executions, watch, problems }: World): void {
  for (const { plan, isRunning, state } of executions.values()) {
    if (isRunning) problems.push(`${plan.name} stays in ${state} for ever`);
  }
  for (const { id, status, executionArn } of watch.controls.values()) {
    const where = executions.get(String(executionArn))?.state;
    if (status !== 'ended')
      problems.push(`${String(id)} is ${String(status)} and can neither end nor be resumed (${where})`);
  }
}

const owned = (world: World) =>
  world.memory.items(tableNames.locks).filter(({ owner }) => owner !== undefined);

/** What is believed of a target is so, or nobody knows; where nobody was told that its lock's owner has ended, nobody does. */
function checkBeliefs(world: World): void {
  const held = new Set(owned(world).map(({ pk }) => pk));
  for (const [targetId, { fingerprint, outcome }] of world.watch.installed) {
    const has = world.hosts.place(targetId).version?.fingerprint ?? null;
    if (held.has(`target#${targetId}`) || fingerprint === null || fingerprint === has) continue;
    world.problems.push(
      `in the end ${targetId} is believed to have ${String(fingerprint)} (${String(outcome)}), not ${has}`,
    );
  }
}

function checkLocks(world: World): void {
  for (const { pk, owner } of owned(world)) {
    const hadEnded = world.executions.get(String(owner))?.hadEnded ?? false;
    if (!hadEnded) world.problems.push(`${String(pk)} is still held by ${String(owner)}`);
  }
}

/** The certificate's current version is the last rollout's that ended well. */
function checkCurrent(world: World): void {
  const items = world.memory.items(tableNames.registry);
  const current = items.find(({ pk, sk }) => pk === `certificate#${certificate}` && sk === 'current');
  const { fingerprint } = (current?.version ?? {}) as { fingerprint?: string };
  const first = { sequence: 1, fingerprint: world.versions.all[0] ?? '' };
  const last = world.watch.endedWell.reduce(
    (one, next) => (next.sequence >= one.sequence ? next : one),
    first,
  );
  if (fingerprint !== last.fingerprint) {
    world.problems.push(`the current version is ${fingerprint}, not ${last.fingerprint} of ${last.sequence}`);
  }
}
