import * as z from 'zod/mini';
import { described } from './kinds/described.ts';
import { whenObject } from './kinds/fields.ts';
import {
  type ConfigOf,
  defaultProtocolOf,
  type FileKind,
  isStoreKind,
  kinds,
  type StoreKind,
  type TargetKind,
  targetKinds,
  verifyDefaultsOf,
} from './kinds/kinds.ts';
import { OnDeployed, runsCommandsOnHost } from './on-deployed.ts';
import {
  type OpenVerify,
  type OpenVerifyInput,
  openVerifyPolicy,
  type VerifyPolicy,
  withProtocol,
} from './verify.ts';

/** Target ids become file names on a host: no separator, no leading dot. */
export const TargetId = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_" and "-", at most 64 characters'),
  );

/**
 * An instance id or a hybrid node id, after `<account>/<region>/` if it is outside the account and region of the stack.
 * This machine is `local`; `local-<name>` is one of several hosts that local mode simulates on it. `lambda` is a function of
 * the stack, for kinds that need no host of their own.
 */
export const Host = z
  .string()
  .check(
    z.regex(
      /^(lambda|local(-[a-z0-9][a-z0-9-]{0,38})?|(\d{12}\/[a-z0-9-]{6,25}\/)?(i-[0-9a-f]{8,17}|mi-[0-9a-f]{17}))$/,
      'local, local-<name>, lambda, i-… or mi-…, or <account>/<region>/i-… for a host in another account or region',
    ),
  );
export type Host = z.infer<typeof Host>;

/** The name of a certificate: a host name, possibly a wildcard. Its versions succeed each other under this name. */
export const CertificateName = z
  .string()
  .check(
    z.regex(/^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9])?$/, 'a name such as api.example.com'),
  );

type FieldsOf<Shape extends z.core.$ZodShape> = z.core.$InferObjectOutput<Shape, z.core.$strict['out']>;
type InputsOf<Shape extends z.core.$ZodShape> = z.core.$InferObjectInput<Shape, z.core.$strict['in']>;

type TargetOutput<Fields> = {
  [Kind in TargetKind]: Fields & { kind: Kind; config: ConfigOf<Kind>; verify: VerifyPolicy };
}[TargetKind];

type TargetInput<Fields> = {
  [Kind in TargetKind]: Fields & {
    kind: Kind;
    config: z.input<(typeof kinds)[Kind]['config']>;
    verify: OpenVerifyInput;
  };
}[TargetKind];

/**
 * The union of all kinds: for each row of the table of kinds one strict object with the `common` fields, `verify`, `kind`
 * and `config`. After parsing, `verify` has the defaults of the kind, unless it has values of its own.
 */
export function unionOfKinds<Common extends z.core.$ZodShape>(
  common: Common,
  verifyWith: typeof openVerifyPolicy,
): z.ZodMiniType<TargetOutput<FieldsOf<Common>>, TargetInput<InputsOf<Common>>> {
  const options = targetKinds.map((kind) =>
    z.pipe(
      z
        .strictObject({
          ...common,
          verify: described(verifyWith(verifyDefaultsOf(kind)), verifyDescription),
          kind: described(z.literal(kind), kinds[kind].description),
          config: described(kinds[kind].config as z.ZodMiniType, configDescription),
        })
        .check(runsWhereItCan(kind), runsCommandsOnHost),
      z.transform((target) => withDefaultProtocol(kind, target as unknown as ParsedTarget)),
    ),
  );
  const [first, ...others] = options;
  const union = z.discriminatedUnion('kind', [first as (typeof options)[number], ...others]);
  // the compiler cannot follow the mapping from the table to the union: tests and the return type hold them together
  return union as unknown as z.ZodMiniType<TargetOutput<FieldsOf<Common>>, TargetInput<InputsOf<Common>>>;
}

const verifyDescription =
  'How a deployment is verified: the endpoint that must serve the new certificate, or none for no verification.';
const configDescription = 'The paths of the files, and the commands that check and load them.';

/** A function has no files, so a kind with files needs a host. */
function runsWhereItCan(kind: TargetKind) {
  return z.refine<object>((target) => isStoreKind(kind) || (target as { host?: unknown }).host !== 'lambda', {
    path: ['host'],
    when: whenObject,
    error: `a host, because a target of kind ${kind} has files; lambda is only for kinds without files`,
  });
}

interface ParsedTarget {
  readonly verify: OpenVerify;
  readonly config: unknown;
}

function withDefaultProtocol(kind: TargetKind, target: ParsedTarget) {
  return { ...target, verify: withProtocol(target.verify, defaultProtocolOf(kind, target.config)) };
}

/** One installation of a certificate on one host. Parsing a parsed target again changes nothing. */
export const Target = unionOfKinds(
  { id: TargetId, certificate: CertificateName, host: Host, onDeployed: OnDeployed },
  openVerifyPolicy,
);
export type Target = z.infer<typeof Target>;
export type TargetOf<Kind extends TargetKind> = Extract<Target, { kind: Kind }>;

/** A target with files on its host. */
export type FileTarget = Extract<Target, { kind: FileKind }>;
/** A target that a service stores. */
export type StoreTarget = Extract<Target, { kind: StoreKind }>;

/** Whether a service stores the certificate of this target. */
export function isStoreTarget(target: Target): target is StoreTarget {
  return isStoreKind(target.kind);
}
