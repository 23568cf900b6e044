// Not simulated: protobuf, CBOR, strategic merge patches, duplicate fields.

import type { SentSecret } from './secrets.ts';
import { refusals } from './status.ts';

type Json = Readonly<Record<string, unknown>>;

const secretFields = ['apiVersion', 'kind', 'metadata', 'data', 'stringData', 'type', 'immutable'];
const metadataFields = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'labels']
  .concat(['annotations', 'ownerReferences', 'managedFields', 'finalizers', 'generateName'])
  .concat(['generation', 'selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds']);

/** @throws Refused with 400 if the body is no Secret, or has an unknown field with `fieldValidation=Strict` */
export function decodeSecret(text: string, strict: boolean): SentSecret {
  const body = parse(text);
  if (body.apiVersion !== 'v1' || body.kind !== 'Secret') {
    throw refusals.badRequest(
      `${String(body.kind)} in version "${String(body.apiVersion)}" cannot be handled as a Secret: no kind`,
    );
  }
  const unknown = unknownFields(body);
  if (strict && unknown.length > 0) {
    throw refusals.badRequest(
      `Secret in version "v1" cannot be handled as a Secret: strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`,
    );
  }
  requireBase64(body);
  return body as SentSecret;
}

/** The result of a merge patch: https://www.rfc-editor.org/rfc/rfc7396 */
export function mergePatch(previous: object, text: string, strict: boolean): SentSecret {
  const patch = parse(text);
  const unknown = unknownFields(patch);
  if (strict && unknown.length > 0) {
    // the real server shows the whole Secret here
    const shown = JSON.stringify(JSON.stringify(merge(previous, patch)));
    throw refusals.invalidPatch({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${shown}: strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`,
      field: 'patch',
    });
  }
  const merged = merge(previous as Json, patch) as Json;
  requireBase64(merged);
  return merged as SentSecret;
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // answered below
  }
  throw refusals.badRequest(
    `the object provided is unrecognized (must be of type Secret): couldn't get version/kind; json parse error: unexpected end of JSON input (${text})`,
  );
}

function unknownFields(body: Json): string[] {
  const metadata = (body.metadata ?? {}) as Json;
  return [
    ...Object.keys(body).filter((field) => !secretFields.includes(field)),
    ...Object.keys(metadata)
      .filter((field) => !metadataFields.includes(field))
      .map((field) => `metadata.${field}`),
  ];
}

function requireBase64({ data = {} }: Json): void {
  for (const value of Object.values(data as Json)) {
    if (
      typeof value === 'string' &&
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
    ) {
      continue;
    }
    throw refusals.badRequest(
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    );
  }
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
