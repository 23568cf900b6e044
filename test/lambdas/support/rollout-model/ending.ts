// What must hold when everything has come to rest.
import { tableNames } from '../../../../local/dynamodb/create-tables.ts';
import { certificate } from './seeding.ts';
import type { World } from './world.ts';

export function checkEnd(world: World): void {
  const problem = (what: string) => void world.problems.push(what);
  for (const { plan, isRunning, state } of world.executions.values()) {
    if (isRunning) problem(`${plan.name} stays in ${state} for ever`);
  }
  for (const { id, status, executionArn } of world.watch.controls.values()) {
    const execution = world.executions.get(String(executionArn));
    if (status !== 'ended') {
      problem(`${String(id)} is ${String(status)} and can neither end nor be resumed (${execution?.state})`);
    }
  }
  const held = new Set(world.memory.items(tableNames.locks).flatMap(({ pk, owner }) => (owner ? [pk] : [])));
  for (const [targetId, { fingerprint, outcome }] of world.watch.installed) {
    // nobody was told that the execution has ended which holds it
    if (held.has(`target#${targetId}`)) continue;
    const has = world.hosts.place(targetId).version?.fingerprint ?? null;
    if (fingerprint !== null && fingerprint !== has) {
      problem(
        `in the end ${targetId} is believed to have ${String(fingerprint)} (${String(outcome)}), not ${has}`,
      );
    }
  }
  for (const { pk, owner } of world.memory.items(tableNames.locks)) {
    const isLost = world.executions.get(String(owner))?.hadEnded ?? false;
    if (owner !== undefined && !isLost) problem(`${String(pk)} is still held by ${String(owner)}`);
  }
  checkCurrent(world);
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
