// It cannot show a path of iControl REST that is not in this table: it answers every other path with 404.
import type { BigIp, DeviceCall } from './big-ip.ts';
import {
  createFile,
  deleteFile,
  describeFile,
  describeProfile,
  type FileKind,
  findFile,
  findProfile,
  patchProfile,
} from './configuration.ts';
import { Refusal, refuseUnless } from './refusal.ts';
import { receiveChunk, runUtility, uploadFolder } from './uploads.ts';

type Handler = (device: BigIp, call: DeviceCall, name: string) => unknown;

const kindOf = ({ path }: DeviceCall): FileKind => (path.includes('/ssl-key') ? 'ssl-key' : 'ssl-cert');
/** `~Common~name` in a URL is `/Common/name`. */
const pathIn = (name: string) => {
  refuseUnless(/^~[^~]+~[^~]+$/.test(name), 404, `The object ${name} has no partition`);
  return name.replaceAll('~', '/');
};
const textOf = (body: DeviceCall['body'], field: string): string => {
  const value = body[field];
  refuseUnless(
    typeof value === 'string' && value !== '',
    400,
    `one or more properties must be specified: ${field}`,
  );
  return value;
};

/** A command with the header X-F5-REST-Coordination-Id waits for the commit; without it, the device applies it at once. */
const inTransaction =
  (
    command: (device: BigIp, call: DeviceCall, name: string) => (configuration: BigIp['running']) => unknown,
  ): Handler =>
  (device, call, name) => {
    const { 'x-f5-rest-coordination-id': id } = call.headers;
    const perform = command(device, call, name);
    if (id === undefined) return device.change(perform);
    refuseUnless(/^\d+$/.test(id), 400, `Invalid transaction id ${id}`);
    const commandId = device.transactions.add(Number(id), perform);
    return {
      method: call.method,
      uri: `https://localhost${call.path}`,
      commandId,
      kind: 'tm:transaction:commandsstate',
      selfLink: `https://localhost/mgmt/tm/transaction/${id}/commands/${commandId}?ver=14.1.2`,
    };
  };

const createFromUpload = inTransaction((device, call) => {
  const name = textOf(call.body, 'name');
  const source = textOf(call.body, 'sourcePath');
  const partition = call.body.partition === undefined ? 'Common' : textOf(call.body, 'partition');
  const uploaded = device.uploads.get(source.replace(`file:${uploadFolder}/`, ''));
  refuseUnless(uploaded, 400, `01070712:3: Failed to copy file ${source}: no such file`);
  const kind = kindOf(call);
  const file = { kind, version: device.version, name, partition, text: uploaded.toString() };
  return (configuration) => {
    const path = createFile(configuration, file);
    return describeFile(findFile(configuration, kind, path), kind);
  };
});

const handlers: Readonly<Record<string, Handler>> = {
  'POST /mgmt/shared/file-transfer/uploads/*': ({ uploads }, { headers, raw }, name) =>
    receiveChunk(uploads, {
      name,
      range: headers['content-range'] ?? '',
      contentType: headers['content-type'] ?? '',
      body: raw,
    }),
  'POST /mgmt/tm/sys/file/ssl-key': createFromUpload,
  'POST /mgmt/tm/sys/file/ssl-cert': createFromUpload,
  'GET /mgmt/tm/sys/file/ssl-key': (device, call) => listFiles(device, call),
  'GET /mgmt/tm/sys/file/ssl-cert': (device, call) => listFiles(device, call),
  'GET /mgmt/tm/sys/file/ssl-key/*': (device, call, name) => readFile(device, call, name),
  'GET /mgmt/tm/sys/file/ssl-cert/*': (device, call, name) => readFile(device, call, name),
  'DELETE /mgmt/tm/sys/file/ssl-key/*': (device, call, name) => removeFile(device, call, name),
  'DELETE /mgmt/tm/sys/file/ssl-cert/*': (device, call, name) => removeFile(device, call, name),
  'GET /mgmt/tm/ltm/profile/client-ssl/*': ({ running }, _, name) =>
    describeProfile(findProfile(running, pathIn(name))),
  'PATCH /mgmt/tm/ltm/profile/client-ssl/*': inTransaction((device, { body }, name) => {
    const path = pathIn(name);
    findProfile(device.running, path);
    return (configuration) => {
      patchProfile(configuration, path, body);
      return describeProfile(findProfile(configuration, path));
    };
  }),
  'POST /mgmt/tm/transaction': ({ transactions }) => transactions.start(),
  'DELETE /mgmt/tm/transaction/*': ({ transactions }, _, id) => transactions.remove(Number(id)),
  'GET /mgmt/tm/transaction/*': ({ transactions }, _, id) => {
    transactions.find(Number(id));
    return transactions.describe(Number(id), 'STARTED', false);
  },
  'PATCH /mgmt/tm/transaction/*': (device, { headers, body }, id) => {
    // with the header, the commit would be a command of its own transaction
    refuseUnless(headers['x-f5-rest-coordination-id'] === undefined, 400, 'A commit inside of a transaction');
    refuseUnless(body.state === 'VALIDATING', 400, `invalid transaction state ${body.state}`);
    const validateOnly = body.validateOnly === true;
    const next = device.transactions.commit(Number(id), device.running, validateOnly);
    if (next !== null) device.replaceRunning(next);
    return device.transactions.describe(Number(id), 'COMPLETED', validateOnly);
  },
  'POST /mgmt/tm/sys/config': (device, { body }) => {
    refuseUnless(body.command === 'save', 400, `unknown command ${body.command}`);
    device.save();
    return { kind: 'tm:sys:config:savestate', command: 'save' };
  },
  'POST /mgmt/tm/cm': ({ group }, { body }) => {
    refuseUnless(body.command === 'run', 400, `unknown command ${body.command}`);
    group.run(textOf(body, 'utilCmdArgs'));
    return { kind: 'tm:cm:runstate', ...body };
  },
  'GET /mgmt/tm/cm/sync-status': ({ group }) => group.status(),
  'GET /mgmt/tm/cm/device-group/*': ({ group }, _, name) => {
    refuseUnless(
      pathIn(name) === `/Common/${group.name}`,
      404,
      `01020036:3: The requested device group (${name}) was not found.`,
    );
    return { kind: 'tm:cm:device-group:device-groupstate', name: group.name, autoSync: 'disabled' };
  },
  'POST /mgmt/tm/util/unix-rm': (device, call) => utility('unix-rm', device, call),
  'POST /mgmt/tm/util/unix-ls': (device, call) => utility('unix-ls', device, call),
  // f5-sdk reads the version when it connects
  'GET /mgmt/tm/sys': ({ version }) => ({
    kind: 'tm:sys:sysstate',
    selfLink: `https://localhost/mgmt/tm/sys?ver=${version}.1.2`,
  }),
};

function listFiles({ running }: BigIp, call: DeviceCall) {
  const kind = kindOf(call);
  const [, partition] = /partition eq (\S+)/.exec(call.query.get('$filter') ?? '') ?? [];
  const items = [...running.files[kind].values()]
    .filter((file) => partition === undefined || file.partition === partition)
    .map((file) => describeFile(file, kind));
  // an empty collection has no "items"
  return { kind: `tm:sys:file:${kind}:${kind}collectionstate`, ...(items.length > 0 ? { items } : {}) };
}

function readFile({ running }: BigIp, call: DeviceCall, name: string) {
  return describeFile(findFile(running, kindOf(call), pathIn(name)), kindOf(call));
}

function removeFile(device: BigIp, call: DeviceCall, name: string): void {
  device.change((configuration) => deleteFile(configuration, kindOf(call), pathIn(name)));
}

function utility(program: string, { uploads }: BigIp, { body }: DeviceCall) {
  refuseUnless(body.command === 'run', 400, `unknown command ${body.command}`);
  const output = runUtility(uploads, program, textOf(body, 'utilCmdArgs').split(' '));
  return {
    kind: `tm:util:${program}:runstate`,
    ...body,
    ...(output === '' ? {} : { commandResult: output }),
  };
}

/** Performs an authenticated call. */
export function perform(device: BigIp, call: DeviceCall): unknown {
  const exact = handlers[`${call.method} ${call.path}`];
  if (exact !== undefined) return exact(device, call, '');
  const slash = call.path.lastIndexOf('/');
  const handler = handlers[`${call.method} ${call.path.slice(0, slash)}/*`];
  if (handler === undefined) throw new Refusal(404, `Public URI path not registered: ${call.path}`);
  return handler(device, call, decodeURIComponent(call.path.slice(slash + 1)));
}
