import { type Command, InvalidArgumentError, Option } from 'commander';
import { Fingerprint } from '../../core/deployment/version.ts';
import { probeProtocols } from '../../core/targets/kinds/probe-protocol.ts';
import { Endpoint } from '../../core/targets/verify.ts';
import type { CheckOptions } from '../commands/check.ts';
import type { DemoOptions } from '../commands/demo.ts';
import type { ProbeOptions } from '../commands/probe.ts';
import type { SchemaOptions } from '../commands/schema.ts';
import { type Context, utcOption } from './common-options.ts';
import * as help from './help-tools.ts';

/** `certferry check`. */
export function addCheck(program: Command, { terminal, finish }: Context): void {
  program
    .command('check')
    .summary('check whether a bundle can be deployed, and show its content')
    .description(help.check.description)
    .argument('<bundle>', 'leaf, chain and key in any order, as PEM, DER, PKCS#7 or PKCS#12')
    .option('--key <file>', 'the private key, if the bundle does not contain it')
    .option('--chain <file>', 'the intermediates, if the bundle does not contain them')
    .option('--passphrase-file <file>', 'a file with the passphrase of the key in its first line')
    .option('--json', 'print one JSON document on standard output')
    .addOption(utcOption())
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
    .summary('show what an endpoint serves on each of its addresses')
    .description(help.probe.description)
    .argument('<endpoint>', 'the endpoint, as host:port', endpoint)
    .option('--server-name <name>', 'the server name (SNI), which the certificate must contain')
    .addOption(
      new Option('--protocol <protocol>', 'the protocol: TLS at once, or STARTTLS of this protocol')
        .choices([...probeProtocols])
        .default('tls'),
    )
    .option(
      '--expect <fingerprint>',
      'the fingerprint of the leaf that every address must serve',
      fingerprint,
    )
    .option('--json', 'print one JSON document on standard output')
    .addOption(utcOption())
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
    .summary('print the JSON Schema of a targets file, for editors')
    .description(help.schema.description)
    .argument('[kind]', 'limit the schema to targets of this kind')
    .option('--rbac', 'print the Kubernetes role for targets of kind k8ssecret instead')
    .option('--group <name>', 'give this role to a group of Kubernetes instead of a service account')
    .addHelpText('after', help.schema.after)
    .action(async (kind: string | undefined, options: SchemaOptions) => {
      const { schema } = await import('../commands/schema.ts');
      finish(schema(kind, options, terminal));
    });
}

/** `certferry demo`. */
export function addDemo(program: Command, { terminal, finish }: Context): void {
  program
    .command('demo')
    .summary('run a deployment, a renewal and a rollback on this machine')
    .description(help.demo.description)
    .addOption(
      new Option('--daemon <daemon>', 'the daemon that serves the certificate')
        .choices(['builtin', 'nginx'])
        .default('builtin'),
    )
    .option('--keep', 'keep the temporary folder')
    .addHelpText('after', help.demo.after)
    .action(async (options: DemoOptions) => {
      const { demo } = await import('../commands/demo.ts');
      finish(await demo(options, terminal));
    });
}

function endpoint(text: string): string {
  const parsed = Endpoint.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Use host:port, such as example.com:443 or [::1]:8443.');
}

/** Accepts the formats of certferry (`sha256:…`) and of openssl (`AA:BB:…`). */
function fingerprint(text: string): string {
  const digits = text
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  const parsed = Fingerprint.safeParse(`sha256:${digits}`);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Use sha256: and 64 hexadecimal digits, as "certferry check" prints them.');
}
