import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { fingerprintOf } from '../../core/certificate/facts.ts';
import { aWorkplace, endpointOf } from '../cli/command.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { type Pebble, startPebble } from './acme/pebble.ts';
import { certbot, dehydrated, lego, type RenewalTool } from './acme/renewal-tools.ts';
import { fetched, pebbleProgram } from './programs.ts';

const tools = { certbot, lego, dehydrated } as const;

describeWith(
  [fetched(pebbleProgram, 'go'), program('certbot'), program('lego'), program('dehydrated'), program('curl')],
  'the hook of a renewal tool with certificates of Pebble',
  () => {
    let pebble: Pebble;
    let pebbles: Awaited<ReturnType<typeof aWorkplace>>;
    let place: Awaited<ReturnType<typeof aWorkplace>>;

    beforeAll(async () => {
      pebbles = await aWorkplace();
      pebble = await startPebble(join(pebbles.folder, 'pebble'));
    });
    afterAll(async () => {
      await pebble.stop();
      await pebbles.stop();
    });
    beforeEach(async () => {
      place = await aWorkplace();
    });
    afterEach(() => place.stop());

    const served = () => servedBy(Number(endpointOf(place.server).split(':')[1]), place.certificate);
    const leafOf = ({ certificate }: RenewalTool) =>
      fingerprintOf(new X509Certificate(readFileSync(certificate, 'utf8')));

    /** The tool after it has issued its first certificate, with the installed hook. */
    async function installed(name: keyof typeof tools): Promise<RenewalTool> {
      const folder = join(place.folder, 'tool');
      mkdirSync(folder);
      const tool = await tools[name]({ folder, name: place.certificate, pebble });
      succeeded(await tool.issue());
      const where = ['--folder', tool.hookFolder, '--state', join(place.folder, 'state')];
      const { code, out, err } = await place.run(
        'hook',
        'install',
        name,
        '--targets',
        'targets.json',
        ...where,
      );
      succeeded({ code, output: out + err });
      return tool;
    }

    function succeeded({ code, output }: { code: number | null; output: string }): void {
      if (process.env.CERTFERRY_SHOW_TOOLS === '1') process.stderr.write(`${output}\n`);
      expect(code, output).toBe(0);
    }

    test.each(Object.keys(tools) as (keyof typeof tools)[])(
      'A renewal by %s is deployed and served, and the hook prints nothing',
      async (name) => {
        const tool = await installed(name);
        const first = leafOf(tool);

        const renewed = await tool.renew();

        succeeded(renewed);
        expect(leafOf(tool)).not.toBe(first);
        expect(await served()).toBe(leafOf(tool));
        expect(renewed.output).not.toContain('certferry hook');
        expect(await place.run('hook', '--targets', 'targets.json', join(tool.certificate, '..'))).toEqual({
          code: 0,
          out: '',
          err: '',
        });
      },
    );

    test.each(Object.keys(tools) as (keyof typeof tools)[])(
      'A renewal by %s that the daemon does not serve is rolled back, and the output of the tool has the reason',
      async (name) => {
        const tool = await installed(name);
        succeeded(await tool.renew());
        const before = await served();
        place.server.ignoreReloads();

        const { output } = await tool.renew();

        if (process.env.CERTFERRY_SHOW_TOOLS === '1') process.stderr.write(`${output}\n`);
        expect(output).toContain('rolled_back');
        expect(output).toContain('certferry inspect');
        expect(await served()).toBe(before);
        expect(output).not.toContain('PRIVATE KEY');
      },
    );
  },
);
