// Hosts that return what a test scripts. Not simulated: SSM, the host, the agent, the handshake.
import { agentLine, type HostInspection } from '../../core/deployment/agent-line.ts';
import type { OpenJob } from '../../core/deployment/job.ts';
import { versionOf } from '../core/tls-probe/endpoints.ts';
import type { IssuedCertificate } from '../fixtures/certificates.ts';
import type { aSweptCertificate } from '../fixtures/sweep.ts';
import type { FakeCommands } from './commands.ts';

type InspectedAddresses = HostInspection['seen'];

/** A target on hostA that only its host can look at. */
export async function aMailTarget(
  { registered, installed, isCurrent }: ReturnType<typeof aSweptCertificate>,
  name: string,
  { version, ...changes }: { readonly version: IssuedCertificate } & Record<string, unknown>,
): Promise<string> {
  const verify = { endpoint: 'mail.example.test:25', serverName: 'www.example.test', protocol: 'smtp' };
  const id = await registered(name, 0, { verify, ...changes });
  await installed(id, version);
  await isCurrent(version);
  return id;
}

/** The job of a command that was sent. */
export function jobOf({ sent }: FakeCommands, commandId: string): OpenJob {
  const read = sent.find((one) => one.commandId === commandId)?.read;
  if (read === undefined || read.sealed) throw new Error('no open job was sent');
  return read.job;
}

/** The address serves this version; null: it does not answer. */
export function serves(
  version: IssuedCertificate | null,
  changes: { chain?: string[] } = {},
): NonNullable<InspectedAddresses> {
  const address = '10.0.0.1:25';
  if (version === null) return [{ address, problem: 'connection refused', served: null }];
  const { fingerprint, chain, notAfter } = versionOf(version);
  return [{ address, problem: null, served: { fingerprint, chain, notAfter, ...changes } }];
}

/** Each host answers at once, of every target that it is asked for. */
export function hostsSee(commands: FakeCommands, seen: (targetId: string) => InspectedAddresses): void {
  commands.onSend = (commandId) => {
    const { header, inspections = [] } = jobOf(commands, commandId);
    const said = inspections.map(({ targetId }) => ({ targetId, seen: seen(targetId) }));
    const { deploymentId, targetId } = header;
    const line = agentLine({ deploymentId, targetId, outcome: 'inspected', summary: 's', inspections: said });
    commands.end(commandId, { output: `${JSON.stringify(line)}\n` });
  };
}
