import * as z from 'zod/mini';
import { Credential } from './credential.ts';
import { described } from './described.ts';
import { AbsolutePath, fileFields, whenObject, withArgv } from './fields.ts';

/** The applications with a preset, and the group that reads a new store. */
export const keystoreGroups = {
  tomcat: 'tomcat',
  kafka: 'kafka',
  elasticsearch: 'elasticsearch',
  jenkins: 'jenkins',
  activemq: 'activemq',
} as const;
export type KeystorePreset = keyof typeof keystoreGroups;
const presetNames = Object.keys(keystoreGroups) as KeystorePreset[];

/** Elasticsearch reads changed files of its TLS settings every five seconds (`resource.reload.interval.high`). */
const watching: readonly unknown[] = ['elasticsearch'];

/** Only the host itself may get the password of the manager without TLS. */
const loopback = /^http:\/\/(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?\/[^?#\s]*$/;
const encrypted = /^https:\/\/[^/?#\s@]+\/[^?#\s]*$/;

/** Tomcat's manager (https://tomcat.apache.org/tomcat-10.1-doc/manager-howto.html). */
export const TomcatManager = z.strictObject({
  url: described(
    z._default(
      z.string().check(
        z.maxLength(1024),
        z.refine((url) => loopback.test(url) || encrypted.test(url), 'https, or http to this host only'),
      ),
      'http://127.0.0.1:8080/manager',
    ),
    'The manager application. http only to this host, https otherwise.',
  ),
  tlsHostName: described(
    z.optional(z.string().check(z.regex(/^[A-Za-z0-9_.*-]{1,253}$/, 'a host name, or _default_'))),
    'The hostName of the SSLHostConfig. Default: all of them.',
  ),
  user: described(
    z.string().check(z.regex(/^[^:\p{Cc}]{1,128}$/u, 'a user name without a colon')),
    'A user with the role manager-script.',
  ),
  passwordFile: described(
    AbsolutePath,
    'A file on the host with the password of the user. Only its owner may read it. A rollback needs it too.',
  ),
  caFile: described(
    z.optional(AbsolutePath),
    'A file on the host with the CA of an https url. Default: the CAs of the runtime.',
  ),
});
export type TomcatManager = z.infer<typeof TomcatManager>;

interface RuleInput {
  readonly preset?: unknown;
  readonly tomcat?: unknown;
  readonly reload?: unknown;
  readonly reloadCommand?: unknown;
  readonly storeType?: unknown;
  readonly keyPassword?: unknown;
}

const fields = {
  preset: described(
    z.optional(z.enum(presetNames)),
    'The application that reads the store. Its group can read a new store.',
  ),
  keystorePath: described(AbsolutePath, 'The keystore. A symbolic link is followed.'),
  storeType: described(
    z.optional(z.enum(['PKCS12', 'JKS'])),
    'Default: the type of the existing store, PKCS12 for a new one.',
  ),
  alias: described(
    z.string().check(z.regex(/^[^\p{Cc}]{1,256}$/u, 'a name without control characters')),
    'The entry with key and chain. Every other entry of the store is kept.',
  ),
  storePassword: described(Credential, 'The password of the store.'),
  keyPassword: described(
    z.optional(Credential),
    'The password of the key, for JKS only. Default: storePassword.',
  ),
  encryption: described(
    z._default(z.enum(['auto', 'modern', 'legacy']), 'auto'),
    'Of PKCS12. auto: as in the existing store, modern for a new one. modern: AES-256. legacy: 3DES and SHA-1.',
  ),
  tomcat: described(z.optional(TomcatManager), 'Reloads TLS through the manager of Tomcat.'),
  reload: described(z.optional(z.literal('none')), 'none: the application watches the file.'),
  ...fileFields,
};

const object = z.strictObject(fields).check(
  z.refine((config: RuleInput) => activationsOf(config).length <= 1, {
    path: ['reload'],
    when: whenObject,
    error: 'only one of tomcat, reloadCommand and reload: none',
  }),
  z.refine((config: RuleInput) => activationsOf(config).length > 0 || watching.includes(config.preset), {
    path: ['reloadCommand'],
    when: whenObject,
    error:
      'the command that makes the application read its keystore again, or tomcat, or reload: none if it watches the file',
  }),
  z.refine((config: RuleInput) => config.keyPassword === undefined || config.storeType !== 'PKCS12', {
    path: ['keyPassword'],
    when: whenObject,
    error: 'no keyPassword with PKCS12: its keys have the password of the store',
  }),
);

function activationsOf({ tomcat, reload, reloadCommand }: RuleInput): unknown[] {
  return [tomcat, reload, reloadCommand].filter((value) => value !== undefined);
}

/** A keystore of Java, PKCS#12 or JKS. The activation must be explicit, unless the preset's application watches its files. */
export const JavakeystoreConfig = withArgv(object);
export type JavakeystoreConfig = z.infer<typeof JavakeystoreConfig>;
