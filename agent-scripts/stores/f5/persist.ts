import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import type { Device } from './device.ts';

/** Milliseconds between two reads of the sync status, and how often it is read. */
const syncPollMs = 500;
const syncPolls = 240;

/**
 * Makes the running configuration survive a reboot, then copies it to the device group. A change is only in the running
 * configuration until it is saved.
 * @throws CertferryError StoreUnreachable if the group is not in sync in the end
 */
export async function persist(device: Device, deviceGroup: string | undefined): Promise<void> {
  await device.ask({ method: 'POST', path: '/mgmt/tm/sys/config', body: { command: 'save' } });
  await synchronize(device, deviceGroup);
}

/** Pushes the configuration of this device to the group. The command returns before the group is in sync. */
export async function synchronize(device: Device, deviceGroup: string | undefined): Promise<void> {
  if (deviceGroup === undefined) return;
  const utilCmdArgs = `config-sync to-group ${deviceGroup}`;
  await device.ask({ method: 'POST', path: '/mgmt/tm/cm', body: { command: 'run', utilCmdArgs } });
  let status = await syncStatus(device);
  for (let poll = 1; status !== inSync && poll < syncPolls; poll += 1) {
    if (lasting.has(status)) break;
    await device.pause(syncPollMs);
    status = await syncStatus(device);
  }
  if (status === inSync) return;
  throw new CertferryError(
    'StoreUnreachable',
    `The device group ${deviceGroup} is not in sync: ${status}. Correct the group, then deploy again.`,
  );
}

/**
 * A synchronization overwrites the other devices, so it may only begin from a group that is in sync.
 * @throws CertferryError PlanInvalid for an unknown group, StoreConflict for one with other changes
 */
export async function checkGroup(device: Device, deviceGroup: string | undefined): Promise<void> {
  if (deviceGroup === undefined) return;
  const path = `/mgmt/tm/cm/device-group/~Common~${deviceGroup}`;
  const answer = await device.ask({ method: 'GET', path }, [404]);
  if (answer.status === 404)
    throw new CertferryError(
      'PlanInvalid',
      `The device group ${deviceGroup} does not exist. Correct deviceGroup.`,
    );
  const status = await syncStatus(device);
  if (status === inSync) return;
  throw new CertferryError(
    'StoreConflict',
    `The device group ${deviceGroup} is not in sync before the change: ${status}. Synchronize it first, because a deployment overwrites the other devices.`,
  );
}

const inSync = 'In Sync';
const lasting = new Set(['Disconnected', 'Sync Failure', 'Awaiting Initial Sync', 'Standalone']);

const statusKey = 'https://localhost/mgmt/tm/cm/sync-status/0';
const SyncStatus = z.object({
  entries: z.object({
    [statusKey]: z.object({
      nestedStats: z.object({ entries: z.object({ status: z.object({ description: z.string() }) }) }),
    }),
  }),
});

async function syncStatus(device: Device): Promise<string> {
  const { body } = await device.ask({ method: 'GET', path: '/mgmt/tm/cm/sync-status' });
  const read = SyncStatus.safeParse(body);
  return read.success ? read.data.entries[statusKey].nestedStats.entries.status.description : 'unknown';
}
