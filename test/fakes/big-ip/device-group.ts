// It cannot show how long a real device group needs, nor a conflict between changes of two of its devices.
import { refuseUnless } from './refusal.ts';

/** The sync state of one device with one peer, by the number of the last change that the peer has. */
export class DeviceGroup {
  /** The statuses that the next reads return, before the real one. */
  readonly scripted: string[] = [];
  isPeerConnected = true;
  changes = 0;
  #synchronized = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get isInSync(): boolean {
    return this.#synchronized === this.changes;
  }

  /** `config-sync to-group NAME` (f5devcentral and PowerShell module F5-LTM, `Sync-DeviceToGroup`). */
  run(utilCmdArgs: string): void {
    const [, name] = /^config-sync to-group (\S+)$/.exec(utilCmdArgs) ?? [];
    refuseUnless(
      name === this.name,
      400,
      `01070734:3: Configuration error: no device group for "${utilCmdArgs}"`,
    );
    if (this.isPeerConnected) this.#synchronized = this.changes;
  }

  /** As in recorded answers of 14.1 (f5-rest-client and certbot-bigip read these fields). */
  status() {
    const real = this.isInSync ? 'In Sync' : 'Changes Pending';
    const description = this.scripted.shift() ?? (this.isPeerConnected ? real : 'Disconnected');
    const entries = {
      color: { description: description === 'In Sync' ? 'green' : 'yellow' },
      mode: { description: 'high-availability' },
      status: { description },
      summary: { description: '' },
    };
    return {
      kind: 'tm:cm:sync-status:sync-statusstats',
      entries: { 'https://localhost/mgmt/tm/cm/sync-status/0': { nestedStats: { entries } } },
    };
  }
}
