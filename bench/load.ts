/** `npm run bench:load [daemons…]`: ten renewals in a row of each daemon while clients connect continuously. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadedDaemons, loadedPeers } from '../test/rigs/load/daemons.ts';
import { underLoad } from '../test/rigs/load/separate-process.ts';
import { rate, type UnderLoad } from '../test/rigs/load/under-load.ts';

const renewals = 10;
const requested = process.argv.slice(2);
const here = loadedPeers.filter(({ daemon }) => daemon.needs.every((need) => need.met()));
const runs = [...loadedDaemons, ...here]
  .filter(({ daemon }) => requested.length === 0 || requested.includes(daemon.title))
  .flatMap(({ daemon, migrating }) => [
    { daemon, migrating: false, isHeld: !migrating },
    ...(migrating ? [{ daemon, migrating, isHeld: true }] : []),
  ]);
const folder = mkdtempSync(join(tmpdir(), 'certferry-load-'));
let clean = true;

try {
  console.log(
    `Node ${process.version}, Linux ${release()}, ${cpus().length} processors; ${rate} new handshakes per second, ${renewals} renewals in a row`,
  );
  for (const [index, { daemon, migrating, isHeld }] of runs.entries()) {
    const result = await underLoad(daemon, join(folder, `${index}`), renewals, migrating);
    clean &&= !isHeld || (Object.keys(result.failures).length === 0 && result.strangers.length === 0);
    console.log(
      `\n${daemon.title} ${daemon.version()}${migrating ? ', with net.ipv4.tcp_migrate_req = 1' : ''}`,
    );
    for (const line of linesOf(result)) console.log(`  ${line}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!clean) process.exitCode = 1;

function linesOf({ handshakes, seconds, failures, leaves, strangers, latestOldAnswer }: UnderLoad): string[] {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return [
    `${handshakes} handshakes in ${seconds.toFixed(1)} s (${(handshakes / seconds).toFixed(0)} per second)`,
    `failed: ${failed}${failed === 0 ? '' : ` ${JSON.stringify(failures)}`}`,
    `neither previous nor new version: ${strangers.length}${strangers.length === 0 ? '' : ` ${strangers.join(', ')}`}`,
    `leaves served: ${Object.keys(leaves).length} of ${renewals + 1}`,
    `last answer with the previous leaf after the end of a deployment: ${latestOldAnswer <= 0 ? 'none' : `${latestOldAnswer} ms`}`,
  ];
}
