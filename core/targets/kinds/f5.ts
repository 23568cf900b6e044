import * as z from 'zod/mini';
import { Credential } from './credential.ts';
import { described } from './described.ts';
import { whenObject } from './fields.ts';

/** A name or address without a scheme, a port or a path. IPv6 without brackets. */
const Address = z
  .string()
  .check(
    z.refine(
      (address) =>
        /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(address) ||
        z.ipv6().safeParse(address).success,
      'a host name or an address, such as bigip.example.com or 10.0.0.7, without https:// and port',
    ),
  );

/** Names of BIG-IP objects. A path such as /Common/name is an error of the API in a field for a name. */
const ObjectName = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_.-]{1,128}$/, 'the name of an object without its partition, such as www-clientssl'),
  );

const Profiles = z.union([ObjectName, z.array(ObjectName).check(z.minLength(1), z.maxLength(20))]);

const caCertificateText = z
  .string()
  .check(
    z.maxLength(65_536),
    z.regex(
      /^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/,
      'certificates in PEM, with their BEGIN and END lines',
    ),
  );

const CertificateFingerprint = z
  .string()
  .check(z.regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 lower-case hex digits'));

interface Pins {
  readonly caCertificate?: unknown;
  readonly certificateFingerprint?: unknown;
}

/**
 * A client-SSL profile of an F5 BIG-IP, changed through iControl REST. The management certificate is always verified: by the
 * CAs that Node.js and the system trust, by `caCertificate`, or by `certificateFingerprint`.
 */
export const F5Config = z
  .strictObject({
    address: described(Address, 'The management address of the BIG-IP: a host name or an IP address.'),
    port: described(
      z._default(z.int().check(z.gte(1), z.lte(65_535)), 443),
      'The port of the management interface.',
    ),
    username: described(
      z.string().check(z.regex(/^[^\p{Cc}]{1,128}$/u, 'the name of an account')),
      'The account. It needs the role Administrator, which F5 requires for uploads.',
    ),
    password: described(Credential, 'The password of the account.'),
    loginProvider: described(
      z._default(
        z.string().check(z.regex(/^[A-Za-z0-9_./-]{1,128}$/, 'the name of a login provider')),
        'tmos',
      ),
      'The login provider of the account. Default: tmos, which covers local and remote accounts.',
    ),
    partition: described(
      z._default(ObjectName, 'Common'),
      'The partition of the profile. Key, certificate and chain are created in it.',
    ),
    profile: described(
      Profiles,
      'The client-SSL profile, or a list of profiles that change together in one transaction.',
    ),
    certKeyChainName: described(
      z.optional(ObjectName),
      'The entry of certKeyChain to replace. Required for a profile with several entries.',
    ),
    deviceGroup: described(
      z.optional(ObjectName),
      'The device group to which the agent synchronizes the configuration after each change.',
    ),
    caCertificate: described(
      z.optional(caCertificateText),
      'The CA of the management certificate as PEM text. Default: the CAs that the system trusts.',
    ),
    certificateFingerprint: described(
      z.optional(CertificateFingerprint),
      'The SHA-256 of the management certificate itself, for a self-signed one. Excludes caCertificate.',
    ),
    backupRetention: described(
      z._default(z.int().check(z.gte(0), z.lte(50)), 3),
      'Number of older versions whose objects stay on the BIG-IP for a rollback.',
    ),
  })
  .check(
    z.refine<Pins>(
      (config) => config.caCertificate === undefined || config.certificateFingerprint === undefined,
      {
        path: ['certificateFingerprint'],
        when: whenObject,
        error: 'no certificateFingerprint together with caCertificate; configure one of them',
      },
    ),
  );
export type F5Config = z.infer<typeof F5Config>;
