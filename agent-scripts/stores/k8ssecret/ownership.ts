import { certificateKey, privateKeyKey } from './content.ts';
import type { StoredSecret } from './secret.ts';

/** The name under which the API server records the fields that certferry writes. */
export const fieldManager = 'certferry';

/**
 * Managers of a person at a terminal, who changed the Secret once. `before-first-apply` stands for writes before the API
 * server recorded managers.
 */
const occasionalManagers: ReadonlySet<string> = new Set([
  fieldManager,
  'before-first-apply',
  'kubectl',
  'kubectl-create',
  'kubectl-edit',
  'kubectl-patch',
  'kubectl-replace',
]);

type Recognise = (secret: StoredSecret) => string | null;

const annotated =
  (key: string, owner: (value: string) => string): Recognise =>
  ({ metadata: { annotations } }) =>
    annotations[key] === undefined ? null : owner(annotations[key]);

const labelled =
  (key: string, owner: (value: string) => string): Recognise =>
  ({ metadata: { labels } }) =>
    labels[key] === undefined ? null : owner(labels[key]);

/** Programs that write a Secret again and again, by their marks. The first match names the owner. */
const marks: readonly Recognise[] = [
  // https://cert-manager.io/docs/reference/annotations/
  annotated('cert-manager.io/certificate-name', (name) => `cert-manager (Certificate ${name})`),
  // https://helm.sh/docs/chart_best_practices/labels/
  annotated('meta.helm.sh/release-name', (name) => `Helm (release ${name})`),
  // https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
  annotated('argocd.argoproj.io/tracking-id', (id) => `Argo CD (${id})`),
  // https://fluxcd.io/flux/components/kustomize/kustomizations/
  labelled('kustomize.toolkit.fluxcd.io/name', (name) => `Flux (Kustomization ${name})`),
  controllerOf,
  managerOf,
];

/** The program that manages this Secret. Null: none, or only certferry and occasional commands. */
export function ownerOf(secret: StoredSecret): string | null {
  for (const recognise of marks) {
    const owner = recognise(secret);
    if (owner !== null) return owner;
  }
  return null;
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ */
function controllerOf({ metadata: { ownerReferences } }: StoredSecret): string | null {
  const controller = ownerReferences.find((owner) => owner.controller === true);
  return controller === undefined ? null : `${controller.kind} ${controller.name}`;
}

function managerOf({ metadata: { managedFields } }: StoredSecret): string | null {
  const owning = managedFields.find(
    ({ manager, fieldsV1 }) => ownsCertificate(fieldsV1) && !occasionalManagers.has(manager),
  );
  return owning === undefined ? null : `the field manager ${owning.manager}`;
}

function ownsCertificate(fields: unknown): boolean {
  const data = (fields as { readonly 'f:data'?: object } | undefined)?.['f:data'] ?? {};
  return `f:${certificateKey}` in data || `f:${privateKeyKey}` in data;
}
