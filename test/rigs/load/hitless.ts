import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../agent-scripts/disk.ts';
import { describeWith, program, root } from '../require-daemon.ts';
import type { LoadedDaemon } from './daemons.ts';
import { underLoad } from './separate-process.ts';
import { rate } from './under-load.ts';

const renewals = 3;

/** A test that renewals of a daemon lose no handshake, and that every client gets the old or the new leaf. */
export function hitlessContract({ daemon, migrating }: LoadedDaemon): void {
  const needs = [...daemon.needs, program('unshare', 'util-linux'), program('ip', 'iproute2'), root];
  describeWith(needs, `under load: ${daemon.title}`, () => {
    const scratch = scratchFolder();

    test(`A daemon loses no handshake in ${renewals} renewals in a row, and never serves anything but the previous or the new version`, async () => {
      const seen = await underLoad(daemon, join(scratch, 'site'), renewals, migrating);

      expect(seen).toMatchObject({ failures: {}, strangers: [] });
      expect(Object.keys(seen.leaves)).toHaveLength(renewals + 1);
      expect(seen.handshakes).toBeGreaterThan(rate / 2);
      const counts = Object.values(seen.leaves).map(({ count }) => count);
      console.info(`${daemon.title}: ${seen.handshakes} handshakes, leaf by leaf ${counts.join(', ')}`);
    });
  });
}
