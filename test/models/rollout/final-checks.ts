// Checks after the end of a story.
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { certificate } from './initial-data.ts';
import type { World } from './world.ts';

export function checkEnd(world: World): void {
  checkRollouts(world);
  checkRegistry(world);
  checkLocks(world);
  checkCurrent(world);
}

/** Every rollout has ended, and no execution is running. */
function checkRollouts({ executions, observer, problems }: World): void {
  for (const { plan, isRunning, state } of executions.values()) {
    if (isRunning) problems.push(`${plan.name} never leaves ${state}`);
  }
  for (const { id, status, executionArn } of observer.controls.values()) {
    const where = executions.get(String(executionArn))?.state;
    if (status !== 'ended')
      problems.push(`${String(id)} is ${String(status)} and can neither end nor be resumed (${where})`);
  }
}

const owned = (world: World) =>
  world.memory.items(tableNames.locks).filter(({ owner }) => owner !== undefined);

/** The recorded version of a target is correct or unknown. Targets whose lock was never released are not checked. */
function checkRegistry(world: World): void {
  const held = new Set(owned(world).map(({ pk }) => pk));
  for (const [targetId, { fingerprint, outcome }] of world.observer.installed) {
    const has = world.hosts.target(targetId).version?.fingerprint ?? null;
    if (held.has(`target#${targetId}`) || fingerprint === null || fingerprint === has) continue;
    world.problems.push(
      `in the end ${targetId} is recorded with ${String(fingerprint)} (${String(outcome)}), not ${has}`,
    );
  }
}

function checkLocks(world: World): void {
  for (const { pk, owner } of owned(world)) {
    const hadEnded = world.executions.get(String(owner))?.hadEnded ?? false;
    if (!hadEnded) world.problems.push(`${String(pk)} is still held by ${String(owner)}`);
  }
}

/** The current version of the certificate is that of the last rollout that finished. */
function checkCurrent(world: World): void {
  const items = world.memory.items(tableNames.registry);
  const current = items.find(({ pk, sk }) => pk === `certificate#${certificate}` && sk === 'current');
  const { fingerprint } = (current?.version ?? {}) as { fingerprint?: string };
  const first = { sequence: 1, fingerprint: world.versions.all[0] ?? '' };
  const last = world.observer.endedWell.reduce(
    (one, next) => (next.sequence >= one.sequence ? next : one),
    first,
  );
  if (fingerprint !== last.fingerprint) {
    world.problems.push(`the current version is ${fingerprint}, not ${last.fingerprint} of ${last.sequence}`);
  }
}
