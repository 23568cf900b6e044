// One fault for each scenario, and the path that the graph takes. The file, functions, SSM document, agent and TLS
// server are the real ones.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalBackend, openLocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalDeploymentResult } from '../../local/backend/run-deployment.ts';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { type Cloud, openCloud } from '../../local/cloud/local-cloud.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createTargetLocks } from '../../services/locks/target-locks.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { scratch } from '../local/scratch.ts';
import { aServedTarget, deploying, type ServedTarget } from '../local/served-target.ts';
import { type Scenario, scenarios } from './deploy-target-scenarios.ts';
import { expectTaken } from './expect-taken.ts';
import { type FaultyLambdas, faultyLambdas, quickMachine, shortTimeoutSeconds } from './faults.ts';

let stateDir: string;
let lambdas: FaultyLambdas;
let patient: LocalBackend;
let impatient: LocalBackend;
let observer: Cloud;
let count = 0;

// each backend loads the functions once, for all scenarios
beforeAll(async () => {
  stateDir = join(scratch(), 'state');
  lambdas = faultyLambdas();
  const open = (timeoutSeconds?: number) =>
    openLocalBackend({ stateDir, lambdas: lambdas.folder, definition: quickMachine({}, timeoutSeconds) });
  patient = await open();
  impatient = await open(shortTimeoutSeconds);
  observer = await openCloud(openStateFolder(stateDir));
});

afterAll(async () => {
  await patient.close();
  await impatient.close();
  await observer.close();
});

const pathOf = ({ events }: LocalDeploymentResult) =>
  events
    .filter(({ type }) => type === 'StateEntered')
    .map(({ state }) => state?.name)
    .join(' ');

/** A server with a first version on the host, enrolled by it. */
async function startingPoint(id: string): Promise<{ served: ServedTarget; old: IssuedCertificate }> {
  const served = await aServedTarget();
  const old = await aVersion();
  lambdas.inject({});
  const { output } = await patient.deploy(deploying(served.target({ id }), old));
  expect(output.outcome).toBe('deployed');
  return { served, old };
}

/** The target of a scenario. */
const targetOf = (scenario: Scenario, served: ServedTarget, id: string) =>
  served.target({
    id,
    config: scenario.config?.(served) ?? {},
    verify: scenario.verify ?? {},
    onDeployed: scenario.onDeployed?.(served),
  });

function expectCommandsRun(
  { warning, leaves }: Scenario,
  { folder }: ServedTarget,
  { output }: LocalDeploymentResult,
): void {
  if (warning !== undefined) expect(output.warnings).toEqual([expect.stringMatching(warning)]);
  if (leaves !== undefined) expect(readdirSync(folder)).toContain(leaves);
}

const lockOwner = async (targetId: string) =>
  (await createTargetLocks(observer.documents, tableNames.locks).read(targetId)).owner;

describe('deploy-target, when', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    test(name, { timeout: 600_000 }, async () => {
      count += 1;
      const id = `scenario-${count}`;
      const { served, old } = await startingPoint(id);
      const version = await aVersion();
      const target = targetOf(scenario, served, id);
      scenario.before?.(served);

      lambdas.inject(scenario.faults ?? {});
      const backend = scenario.losesEvents === true ? impatient : patient;
      const result = await backend.deploy(deploying(target, version));

      expect(pathOf(result)).toBe(scenario.path);
      expectTaken('deploy-target', name, result.events);
      expect(result.output.outcome).toBe(scenario.outcome);
      expect(result.status).toBe(scenario.status ?? 'FAILED');
      expectCommandsRun(scenario, served, result);
      const [latest, ...others] = await backend.history({ targetId: id });
      expect(latest).toMatchObject({ deploymentId: result.executionName, outcome: scenario.outcome });
      expect(others).toHaveLength(1);

      // the event of a failed execution frees its lock a moment after the end
      await expect.poll(() => lockOwner(id)).toBeNull();
      const installed = scenario.installed === 'new' ? version : old;
      expect(readFileSync(served.keyPath, 'utf8')).toBe(installed.keyPem);
      await served.close();
    });
  }
});
