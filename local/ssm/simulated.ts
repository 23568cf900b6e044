// A host that is played in this process instead of run on this machine, for measurements with thousands of them. It cannot
// show anything of a host: no script, no agent, no file and no daemon; only what the cloud's side makes of its answers.
import { writeFileSync } from 'node:fs';
import { type CommandRecord, type CommandRecords, commandFiles } from './command-records.ts';
import { settle } from './host.ts';

/** What the agent would have printed. */
export type SimulatedHost = (command: { readonly host: string; readonly job: string }) => Promise<string>;

/** As `runOnHost`: resolves with the record of the command's end. */
export async function runSimulated(
  records: CommandRecords,
  pending: CommandRecord,
  simulated: SimulatedHost,
): Promise<CommandRecord> {
  const files = commandFiles(records.folder(pending.commandId));
  const line = await simulated({ host: pending.host, job: pending.parameters.Job[0] });
  writeFileSync(files.stdout, `${line}\n`, { mode: 0o600 });
  writeFileSync(files.result, '0\n', { mode: 0o600 });
  return settle(records, pending.commandId);
}
