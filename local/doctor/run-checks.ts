import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Check, type Finding, nothing, performCheck } from '../../core/check.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { openStateDatabase } from '../dynamodb/open-tables.ts';
import { requestHandler } from '../dynamodb/request-handler.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import { type Machine, machineChecks, thisMachine } from './machine-checks.ts';
import { notPerformed } from './not-performed.ts';
import { renewalChecks } from './renewal-checks.ts';
import { stateChecks } from './state-checks.ts';
import { targetChecks } from './target-checks.ts';

/** What to check on this machine. */
export interface LocalChecks {
  readonly stateDir: string;
  /** Instead of the registered targets: those of a targets file. */
  readonly targets?: readonly RegisteredTarget[] | undefined;
  readonly now: Date;
  readonly machine?: Machine;
}

/**
 * Checks what a deployment to this machine needs. Starts no deployment and changes no file of certferry or of a target. Runs the
 * check commands of the targets. Never throws: an error is the result of its check.
 */
export async function checkThisMachine({
  stateDir,
  targets,
  now,
  machine = thisMachine,
}: LocalChecks): Promise<Check[]> {
  const ofState = await stateChecks(stateDir);
  const ofMachine = await machineChecks(machine);
  const ofRenewal = await renewalChecks(machine.root);
  const isTrusted = ofState.every(({ name, ok }) => name !== 'state folder' || ok);
  return [
    ...ofState,
    ...ofMachine,
    ...(await registeredChecks({ stateDir, targets, now }, isTrusted)),
    ...ofRenewal,
  ];
}

/** A folder that another user can change may contain commands of that user, so its targets are not read. */
async function registeredChecks(
  { stateDir, targets, now }: LocalChecks,
  isTrusted: boolean,
): Promise<Check[]> {
  if (targets !== undefined) return targetChecks(targets, now);
  if (!isTrusted) return [await targetsNotRead()];
  try {
    return await targetChecks(await readTargets(resolve(stateDir)), now);
  } catch (error) {
    return [await performCheck('targets', () => Promise.reject(error), notPerformed)];
  }
}

const targetsNotRead = () =>
  performCheck(
    'targets',
    (): Finding =>
      nothing('not read, because the check of the state folder failed', 'Correct the state folder first.'),
    notPerformed,
  );

/** The registered targets. Opens the database only, so that no execution is ended and no server is started. */
async function readTargets(folder: string): Promise<RegisteredTarget[]> {
  const location = { database: join(folder, 'dynamodb.sqlite'), levelDb: join(folder, 'dynamodb') };
  if (!existsSync(location.database)) return [];
  const engine = openStateDatabase(location);
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'unused' },
    requestHandler: requestHandler(engine),
  });
  try {
    const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
    return (await catalogue.targets()).map(({ thing }) => thing);
  } finally {
    client.destroy();
    engine.close();
  }
}
