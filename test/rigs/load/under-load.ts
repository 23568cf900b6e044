import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { endpointParts } from '../../../core/targets/verify.ts';
import { aTarget, testHost } from '../../agent-scripts/run-agent.ts';
import type { DaemonUnderContract } from '../../contract/site.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { until } from '../processes.ts';
import type { LoadReport } from './client.ts';
import { startClients } from './client-process.ts';

/** Handshakes per second. */
export const rate = 250;

/** Results of the clients during consecutive renewals of a daemon. */
export interface UnderLoad extends LoadReport {
  readonly renewals: number;
  /** Handshakes with a leaf that was neither installed nor being installed when they started. */
  readonly strangers: readonly string[];
  /** Milliseconds from the end of a renewal to the start of the last handshake with the old leaf. 0: no such handshake. */
  readonly latestOldAnswer: number;
}

/** A version, with start and end of its deployment (epoch ms). */
interface Renewal {
  readonly fingerprint: string;
  readonly began: number;
  readonly ended: number;
}

/** Renews a running daemon several times while clients make handshakes. The next renewal begins once clients get the last leaf. */
export async function renewUnderLoad(
  daemon: DaemonUnderContract,
  folder: string,
  renewals: number,
): Promise<UnderLoad> {
  mkdirSync(folder, { recursive: true });
  const site = await daemon.site(folder);
  const host = testHost(join(folder, 'home'));
  const target = aTarget(daemon.kind, site.config, site.verify);
  const deploy = async (version: IssuedCertificate): Promise<Renewal> => {
    const began = Date.now();
    const { outcome, summary } = await host.send('deploy', { target, version });
    if (outcome !== 'applied') throw new Error(`a renewal ended as ${outcome}: ${summary}`);
    return { fingerprint: version.fingerprint, began, ended: Date.now() };
  };
  const first = await aVersion();
  try {
    site.installByHand(first);
    await site.start();
    await until(async () => (await site.served()) === first.fingerprint, 'the first leaf');
    const installed = [{ fingerprint: first.fingerprint, began: 0, ended: 0 }];
    const clients = await startClients(endpointParts(String(site.verify.endpoint)).port, rate);
    const renewInTurn = async (): Promise<void> => {
      await clients.firstHandshake(first.fingerprint);
      for (let round = 0; round < renewals; round += 1) {
        const renewal = await deploy(await aVersion());
        installed.push(renewal);
        await clients.firstHandshake(renewal.fingerprint);
      }
    };
    const [renewing] = await Promise.allSettled([renewInTurn()]);
    const report = await clients.stop();
    if (renewing.status === 'rejected') throw renewing.reason;
    return { ...report, renewals, ...judged(report, installed) };
  } finally {
    await site.stop();
  }
}

function judged(
  { leaves }: LoadReport,
  installed: readonly Renewal[],
): Pick<UnderLoad, 'strangers' | 'latestOldAnswer'> {
  const known = new Set(installed.map(({ fingerprint }) => fingerprint));
  const strangers = Object.keys(leaves).filter((fingerprint) => !known.has(fingerprint));
  let latestOldAnswer = 0;
  for (const [index, { fingerprint, began }] of installed.entries()) {
    const seen = leaves[fingerprint];
    const [next, afterNext] = [installed[index + 1], installed[index + 2]];
    if (seen === undefined) continue;
    if (seen.firstEnd < began) strangers.push(`${fingerprint} before its deployment`);
    if (afterNext !== undefined && seen.lastBegin > afterNext.began) {
      strangers.push(`${fingerprint} while the one after the next was deployed`);
    }
    if (next !== undefined) latestOldAnswer = Math.max(latestOldAnswer, seen.lastBegin - next.ended);
  }
  return { strangers, latestOldAnswer };
}
