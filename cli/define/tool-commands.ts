import { type Command, InvalidArgumentError, Option } from 'commander';
import { Fingerprint } from '../../core/deployment/version.ts';
import { probeProtocols } from '../../core/targets/kinds/probe-protocol.ts';
import { Endpoint } from '../../core/targets/verify.ts';
import type { CheckOptions } from '../commands/check.ts';
import type { DemoOptions } from '../commands/demo.ts';
import type { ProbeOptions } from '../commands/probe.ts';
import type { Context } from './common-options.ts';
import * as help from './help.ts';

/** `certferry check`. */
export function addCheck(program: Command, { terminal, finish }: Context): void {
  program
    .command('check')
    .summary('say whether a bundle is fit to be deployed, and what is in it')
    .description(help.check.description)
    .argument('<bundle>', 'leaf, chain and key in PEM, in any order; or PKCS#12')
    .option('--key <file>', 'the private key, unless it is in the same file')
    .option('--chain <file>', 'the intermediates, unless they are in the same file')
    .option('--passphrase-file <file>', 'a file whose first line is the passphrase of the key')
    .option('--json', 'print one JSON document on standard output')
    .addHelpText('after', help.check.after)
    .action(async (bundle: string, options: CheckOptions) => {
      const { check } = await import('../commands/check.ts');
      finish(check(bundle, options, terminal));
    });
}

/** `certferry probe`. */
export function addProbe(program: Command, { terminal, finish }: Context): void {
  program
    .command('probe')
    .summary('say what an endpoint serves, on every address')
    .description(help.probe.description)
    .argument('<endpoint>', 'host:port', endpoint)
    .option('--server-name <name>', 'the name to ask for (SNI), and to find in the certificate')
    .addOption(
      new Option('--protocol <protocol>', 'how TLS begins').choices([...probeProtocols]).default('tls'),
    )
    .option('--expect <fingerprint>', 'the leaf that every address must serve (sha256:…)', fingerprint)
    .option('--json', 'print one JSON document on standard output')
    .addHelpText('after', help.probe.after)
    .action(async (target: string, options: ProbeOptions) => {
      const { probe } = await import('../commands/probe.ts');
      finish(await probe(target, options, terminal));
    });
}

/** `certferry schema`. */
export function addSchema(program: Command, { terminal, finish }: Context): void {
  program
    .command('schema')
    .summary('print the JSON Schema of targets, for editors')
    .description(help.schema.description)
    .argument('[kind]', 'only targets of this kind')
    .addHelpText('after', help.schema.after)
    .action(async (kind: string | undefined) => {
      const { schema } = await import('../commands/schema.ts');
      finish(schema(kind, terminal));
    });
}

/** `certferry demo`. */
export function addDemo(program: Command, { terminal, finish }: Context): void {
  program
    .command('demo')
    .summary('see a deployment, a renewal and a rollback on this machine')
    .description(help.demo.description)
    .addOption(
      new Option('--daemon <daemon>', 'what serves the certificate')
        .choices(['builtin', 'nginx'])
        .default('builtin'),
    )
    .option('--keep', 'keep the scratch folder, to look at it afterwards')
    .addHelpText('after', help.demo.after)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('../commands/demo.ts');
      finish(await demo(options, terminal));
    });
}

function endpoint(text: string): string {
  const parsed = Endpoint.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Say host:port, such as example.com:443 or [::1]:8443.');
}

/** As certferry prints it, or as openssl does (`AA:BB:…`). */
function fingerprint(text: string): string {
  const digits = text
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  const parsed = Fingerprint.safeParse(`sha256:${digits}`);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Say sha256: and 64 hexadecimal digits, as "certferry check" prints them.');
}
