import * as z from 'zod/mini';
import { RegisteredTarget } from '../targets/registered.ts';
import { schemaAt } from '../targets/schema-at.ts';
import type { TargetKind } from '../targets/target.ts';
import { TargetsFile } from './targets-file.ts';

/** Where a name means something else inside a field of this name. */
const descriptionsWithin: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  certificates: {
    name: 'The name under which versions follow each other; targets say it as their certificate.',
  },
  source: {
    kind: 'What holds the versions: secretsmanager, acm (exportable), s3 (versioned bucket) or parameter (SecureString).',
    secretId: 'The name or ARN of the secret.',
    certificateArn: 'The ARN of the ACM certificate, which has to be exportable.',
    bucket: 'The bucket, which has to keep versions.',
    key: 'The key of the object in the bucket.',
    name: 'The name of the parameter.',
  },
  serviceEndpoints: {
    endpoint: 'host:port of the service as clients reach it, such as its load balancer.',
    attempts: 'How often to look before the service counts as stale.',
    probeFrom:
      'lambda, which is to be said for smtp on port 25: Lambda reaches that only where AWS has opened it.',
  },
};

/** What an editor shows beside a field; fields of every kind together, since one name means one thing. */
const descriptions: Readonly<Record<string, string>> = {
  certificates: 'Where versions come from and how they are rolled out. Needed for rollouts from an account.',
  targets: 'The places where certificates go.',
  source: 'What holds the versions of the certificate; a change there starts a rollout.',
  strategy: 'How a version is carried to all targets. What is not said has its default.',
  waves:
    'How many targets have been reached once each wave is over: numbers, or shares in quotes; the last is "100%".',
  maxConcurrency: 'Deployments at a time.',
  splaySeconds: 'Each deployment of a wave begins after a random part of this.',
  toleratedFailures: 'More failures than this, a number or a share in quotes, halt the rollout.',
  pauseSeconds: 'Seconds between two waves.',
  approvalAfterWave:
    'The number of the wave, before the last one, after which a person is asked; 0: nobody is.',
  approvalTimeoutSeconds: 'Seconds to wait for the answer; without one the rollout is halted.',
  onHalt:
    'stop: what was changed stays; rollback: it is put back, newest wave first, unless it is only a service that is stale.',
  onStaleService:
    'Whether a service endpoint that goes on serving another leaf halts the rollout, or is only told.',
  serviceEndpoints:
    'What the service as a whole serves, looked at after each wave; never a reason to undo a target.',
  id: 'Names this target in locks, history and on the host. Never reuse one for another place.',
  certificate: 'The name under which versions follow each other, such as api.example.com.',
  host: 'The machine: i-…, mi-…, local for this one; or all with some tags, or of an Auto Scaling group.',
  tags: 'Hosts that bear every one of these tags, among those with the tag certferry=true.',
  autoScalingGroup:
    'The running instances of this group; a new one gets the current version when it comes up.',
  account: "Another account than the stack's, 12 digits in quotes: its role for certferry is assumed.",
  region: "Another region than the stack's.",
  autoHeal: 'true: the drift sweep deploys again what is not served any more.',
  window:
    'The only time a rollout may touch this target, unless it is urgent or the certificate would expire before.',
  days: 'The days on which the window begins. Default: every day.',
  from: 'When the window opens, such as "02:30", in quotes.',
  to: 'When it closes; not after from means on the following day.',
  timeZone: 'Whose wall clock, such as Europe/Paris or UTC.',
  kind: 'What serves the certificate there.',
  config: 'Where the files are and which commands make the daemon judge and read them.',
  verify: 'How to see that the new certificate is served; none says out loud that nobody looks.',
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
  addresses: 'Whether every address of the name has to serve it, or one.',
  successThreshold: 'Handshakes in a row that have to succeed at each address.',
  probeFrom: 'From where to look. Default: host for smtp on port 25, which Lambda cannot reach, else lambda.',
  requireChain: 'Whether the intermediates have to be sent too, in order.',
};

/**
 * JSON Schema (2020-12) of a targets file as people write it, defaults left out or not; with `kind`, of one target of
 * that kind. Rules between fields are not in it: the parser has them.
 */
export function targetsJsonSchema(kind?: TargetKind): Record<string, unknown> {
  const schema =
    kind === undefined ? TargetsFile : (schemaAt(RegisteredTarget, [], { kind }) ?? RegisteredTarget);
  const title = kind === undefined ? 'certferry targets' : `certferry target of kind ${kind}`;
  const { $schema, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, title, ...(described(json, '') as object) };
}

/**
 * The schema with words beside every field; `around` is the field that it stands in. A walk of our own, because zod calls
 * its `override` once for a schema that stands in several places.
 */
function described(node: unknown, around: string): unknown {
  if (Array.isArray(node)) return node.map((one) => described(one, around));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) =>
    key === 'properties'
      ? [key, describedFields(value as Fields, around)]
      : [key, key === 'default' ? value : described(value, around)],
  );
  return Object.fromEntries(entries);
}

type Fields = Readonly<Record<string, object>>;

function describedFields(fields: Fields, around: string): object {
  const entries = Object.entries(fields).map(([name, field]) => {
    const description = descriptionsWithin[around]?.[name] ?? descriptions[name];
    return [name, { ...(described(field, name) as object), ...(description && { description }) }];
  });
  return Object.fromEntries(entries);
}
