/**
 * `npm run bench:load`: ten renewals in a row of each daemon while clients keep shaking hands with it. Names of daemons as
 * arguments run these alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadedDaemons, loadedPeers } from '../test/rigs/load/daemons.ts';
import { underLoad } from '../test/rigs/load/separate-process.ts';
import { rate, type UnderLoad } from '../test/rigs/load/under-load.ts';

const renewals = 10;
const wanted = process.argv.slice(2);
const here = loadedPeers.filter(({ daemon }) => daemon.needs.every((need) => need.met()));
const runs = [...loadedDaemons, ...here]
  .filter(({ daemon }) => wanted.length === 0 || wanted.includes(daemon.title))
  .flatMap(({ daemon, migrating }) => [
    { daemon, migrating: false, isHeld: !migrating },
    ...(migrating ? [{ daemon, migrating, isHeld: true }] : []),
  ]);
const folder = mkdtempSync(join(tmpdir(), 'certferry-load-'));
let clean = true;

try {
  console.log(
    `Node ${process.version}, Linux ${release()}, ${cpus().length} processors; ${rate} new handshakes a second, ${renewals} renewals in a row`,
  );
  for (const [index, { daemon, migrating, isHeld }] of runs.entries()) {
    const told = await underLoad(daemon, join(folder, `${index}`), renewals, migrating);
    clean &&= !isHeld || (Object.keys(told.failures).length === 0 && told.strangers.length === 0);
    console.log(
      `\n${daemon.title} ${daemon.version()}${migrating ? ', with net.ipv4.tcp_migrate_req = 1' : ''}`,
    );
    for (const line of linesOf(told)) console.log(`  ${line}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!clean) process.exitCode = 1;

function linesOf({
  handshakes,
  seconds,
  failures,
  sightings,
  strangers,
  latestOldAnswer,
}: UnderLoad): string[] {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return [
    `${handshakes} handshakes in ${seconds.toFixed(1)} s (${(handshakes / seconds).toFixed(0)} a second)`,
    `failed: ${failed}${failed === 0 ? '' : ` ${JSON.stringify(failures)}`}`,
    `neither old nor new: ${strangers.length}${strangers.length === 0 ? '' : ` ${strangers.join(', ')}`}`,
    `leaves seen: ${Object.keys(sightings).length} of ${renewals + 1}`,
    `last old answer after a deployment had ended: ${latestOldAnswer <= 0 ? 'none' : `${latestOldAnswer} ms`}`,
  ];
}
