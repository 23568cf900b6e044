import * as z from 'zod/mini';
import { schemaAt } from './schema-at.ts';
import { Target, type TargetKind, Targets } from './target.ts';

/** What an editor shows beside a field; fields of every kind together, since one name means one thing. */
const descriptions: Readonly<Record<string, string>> = {
  id: 'Names this target in locks, history and on the host. Never reuse one for another place.',
  certificate: 'The name under which versions follow each other, such as api.example.com.',
  host: 'The machine: i-…, mi-…, or local for this one.',
  kind: 'What serves the certificate there.',
  config: 'Where the files are and which commands make the daemon judge and read them.',
  verify: 'How to see that the new certificate is presented; none says out loud that nobody looks.',
  certPath: 'Where the certificate goes. A symbolic link is followed.',
  keyPath: 'Where the private key goes. A symbolic link is followed.',
  pemPath: 'Where leaf and intermediates go, and the key too unless keyPath gives it a file of its own.',
  chainPath: 'Where the intermediates go besides, for daemons that want them in a file of their own.',
  certContents: 'fullchain: leaf and intermediates in certPath; leaf: the leaf alone.',
  certMode: 'Octal, in quotes. Left out: as the file there has it, else the default of the kind.',
  keyMode: 'Octal, in quotes, nothing for others. Left out: as the file there has it, else 0600.',
  owner: 'User name, or a number in quotes. Left out: as the file there has it.',
  group: 'Group name, or a number in quotes. Left out: as the file there has it.',
  chainFilesPath:
    'Key, leaf and intermediates in one file, for smtpd_tls_chain_files, instead of certPath and keyPath.',
  configDirectory: 'The folder with main.cf, where it is not the default one (postfix -c).',
  preset: 'A daemon whose paths, owner, reload and STARTTLS are known; what is said besides counts more.',
  instance: 'Which instance of the preset’s daemon is told, where it is not the default one.',
  socket: 'The socket of the instance; for postgresql the folder that holds it.',
  port: 'The port of the instance.',
  pidFile: 'The file with the process id of the instance.',
  node: 'The node of the instance, such as rabbit@mq-1.',
  validateCommand: 'Judges the staged files before they go live: a line that is split into words, or a list.',
  reloadCommand: 'Makes the daemon read its files again: a line that is split into words, or a list.',
  reload: 'none: the daemon watches its files, so there is no command.',
  adapter: 'What turns the configuration file into what the daemon reads, where its name does not say it.',
  adminAddress: 'Where the admin API listens on this machine: localhost:2019, or unix//run/caddy/admin.sock.',
  loader: 'load_files: the daemon reads certPath and keyPath itself; load_pem: it is given their text.',
  tag: 'Which entry of the running configuration it is. Left out: the one whose leaf covers the certificate.',
  configPath: "The daemon's own configuration, for its check and for a reload that names it.",
  mode: 'In which of its ways the daemon gets the new files; see docs/targets.',
  statsSocket: "The daemon's own control socket, which has to let admins in.",
  crtName: 'How the running daemon calls this certificate. Left out: as pemPath.',
  dynamicPath:
    'The file that the daemon watches and that names the certificate; moved into place again, last.',
  sdsPath:
    'The file with the SDS resource; moved into place again, last. Written with secretName where there is none.',
  secretName: 'The name of the SDS secret, for an sdsPath that does not exist yet.',
  adminEndpoint:
    "Envoy's admin interface, such as http://127.0.0.1:9901: certferry waits until it lists the leaf.",
  shell: 'true hands command lines to /bin/sh -c instead of splitting them into words.',
  commandTimeoutSeconds: 'Seconds a command may run before its whole process group is killed.',
  rehearse:
    'Starts a shadow of the daemon on the new files, out of sight, and shakes hands with it before anything is touched.',
  backupRetention: 'Older versions kept on the host, besides the one a running deployment can go back to.',
  endpoint: 'host:port that reaches this very target, not a load balancer before it.',
  serverName: 'The name to ask for (SNI), which the certificate has to cover. Default: the host of endpoint.',
  protocol: 'How TLS begins: at once (tls), or after STARTTLS of this protocol.',
  attempts: 'How often to look before the old certificate is put back.',
  initialBackoffSeconds: 'Seconds before the second look; each later wait is twice the one before.',
  maxBackoffSeconds: 'The longest wait. Default: 16, or initialBackoffSeconds where that is more.',
  timeoutSeconds: 'Seconds one handshake may take.',
  addresses: 'Whether every address of the name has to present it, or one.',
  consecutive: 'Handshakes in a row that have to succeed at each address.',
  vantage: 'From where to look. Default: host for smtp on port 25, which Lambda cannot reach, else lambda.',
  requireChain: 'Whether the intermediates have to be sent too, in order.',
};

/**
 * JSON Schema (2020-12) of a targets file as people write it, defaults left out or not; with `kind`, of one target of
 * that kind. Rules between fields are not in it: the parser has them.
 */
export function targetsJsonSchema(kind?: TargetKind): Record<string, unknown> {
  const schema = kind === undefined ? Targets : (schemaAt(Target, [], { kind }) ?? Target);
  const title = kind === undefined ? 'certferry targets' : `certferry target of kind ${kind}`;
  const { $schema, ...json } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema, path }) => {
      const [parent, name] = path.slice(-2);
      const description = parent === 'properties' ? descriptions[String(name)] : undefined;
      if (description !== undefined) jsonSchema.description = description;
    },
  });
  return { $schema, title, ...json };
}
