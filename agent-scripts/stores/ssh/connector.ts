import { factsOfPem } from '../../../core/certificate/facts.ts';
import { CertferryError } from '../../../core/errors.ts';
import { pinnedHostKeys, type SshConfig } from '../../../core/targets/kinds/ssh.ts';
import { digestOf } from '../../host/digest.ts';
import type { Desired, Store, StoreAccess, StoreCheck, StoreConnector, StoreState } from '../store.ts';
import { collectFiles } from './collect.ts';
import { checksStaged, hasCommands, withStagedPaths } from './commands.ts';
import { trustedKeys } from './host-key.ts';
import { backUpFiles, installStaged } from './install.ts';
import { installedText, makePlan, type Place } from './make-plan.ts';
import { ownerId } from './owner-ids.ts';
import { type FileState, SshPlan } from './plan.ts';
import {
  describeRemote,
  type RemoteResult,
  requireCommands,
  runRemotely,
  succeeded,
} from './remote-command.ts';
import { remoteFiles } from './remote-files.ts';
import { repairCommands } from './repair.ts';
import { resolvePath } from './resolve-path.ts';
import { restoreFiles } from './restore.ts';
import { openSession, type Session, serverOf } from './session.ts';
import { removeStaged, stageFiles } from './stage.ts';
import { contentOf, type FileSlot, slotsOf } from './wanted-files.ts';

/**
 * Files on a server that is reached by SSH. New files are uploaded beside the live ones and renamed over them; the previous files
 * stay beside them as backups. Each request can be the last one before the connection is lost: what remains is
 * described by the names of the plan, and `restore` removes or reverses it.
 */
export const ssh: StoreConnector<'ssh', SshPlan> = {
  plan: SshPlan,
  async open(access) {
    const { config, credentials, signal } = access;
    const trusted = trustedKeys(pinnedHostKeys(config), recordedKeys(access));
    const session = await openSession({ config, credentials, trusted, signal });
    const server = serverOf(config);
    const place = { ...access, server, files: remoteFiles(server, session) };
    return storeOn(session, place, trusted.origin === 'first');
  },
};

/** Latest first. */
function recordedKeys({ recorded = [] }: StoreAccess<'ssh'>): string[] {
  return recorded.flatMap((plan) => {
    const parsed = SshPlan.safeParse(plan);
    return parsed.success ? [parsed.data.hostKey] : [];
  });
}

function storeOn(session: Session, place: Place, isFirstUse: boolean): Store<SshPlan> {
  const { config, server } = place;
  const run = (argv: readonly string[]) => runRemotely(session, argv, config.commandTimeoutSeconds);
  return {
    observe: () => observe(place),
    async plan(desired) {
      const planned = await makePlan(place, session.hostKey, desired);
      if (hasCommands(config)) await requireCommands(server, session, config.commandTimeoutSeconds);
      const warnings = isFirstUse
        ? [firstUse(server, session.hostKey), ...planned.warnings]
        : planned.warnings;
      return { ...planned, warnings };
    },
    validate: (plan, desired) => validate(place, run, plan, desired),
    async apply(plan, desired) {
      await stageFiles(place, plan, desired);
      await backUpFiles(place, plan);
      await installStaged(place, plan);
      const { validateCommand, reloadCommand } = config;
      if (validateCommand !== undefined && !checksStaged(validateCommand)) {
        requireSuccess('ValidationFailed', server, await run(validateCommand));
      }
      if (reloadCommand !== undefined) requireSuccess('ReloadFailed', server, await run(reloadCommand));
    },
    async restore(plan) {
      await restoreFiles(place, plan);
      const command = config.restoreCommand ?? config.reloadCommand;
      if (command !== undefined) requireSuccess('ReloadFailed', server, await run(command));
    },
    collect: (kept) => collectFiles(place, kept),
    repair: (plan) => repairCommands(plan, config),
    close: () => session.close(),
  };
}

async function observe(place: Place): Promise<StoreState> {
  const { server, config, files } = place;
  const uid = await ownerId(server, files, 'owner', config.owner);
  const gid = await ownerId(server, files, 'group', config.group);
  const found: (FileSlot & { readonly state: FileState | null })[] = [];
  for (const slot of slotsOf(config)) {
    const path = await resolvePath(server, files, slot.path);
    found.push({ ...slot, path, state: await files.stateOf(path) });
  }
  const text = await installedText(place, found);
  return {
    version: text === null ? null : factsOfPem(text),
    matches: (bundle) =>
      found.every(
        ({ role, mode, state }) =>
          state !== null &&
          state.digest === digestOf(contentOf(role, bundle, config)) &&
          (mode === undefined || state.mode === Number.parseInt(mode, 8)) &&
          (uid ?? state.uid) === state.uid &&
          (gid ?? state.gid) === state.gid,
      ),
  };
}

type Run = (argv: readonly string[]) => Promise<RemoteResult>;

/**
 * Uploads the files, so that a missing permission or a full disk is found before a change, and removes them. Only a command that names
 * the staged files can check them.
 */
async function validate(
  place: Place,
  run: Run,
  plan: SshPlan,
  desired: Desired<SshPlan>,
): Promise<StoreCheck> {
  const { validateCommand } = place.config;
  const command =
    validateCommand !== undefined && checksStaged(validateCommand)
      ? withStagedPaths(validateCommand, plan)
      : null;
  try {
    await stageFiles(place, plan, desired);
    if (command === null) return { kind: 'unsupported', why: withoutCheck(place.config) };
    const result = await run(command);
    return succeeded(result) ? { kind: 'accepted' } : { kind: 'refused', why: describeRemote(result) };
  } finally {
    await removeStaged(place, plan);
  }
}

function withoutCheck({ validateCommand }: SshConfig): string {
  return validateCommand === undefined
    ? 'the target has no validateCommand; the upload of the files succeeded'
    : 'validateCommand names no staged file, so it runs after the files are installed; the upload of the files succeeded';
}

function requireSuccess(
  name: 'ValidationFailed' | 'ReloadFailed',
  server: string,
  result: RemoteResult,
): void {
  if (succeeded(result)) return;
  throw new CertferryError(name, `on ${server}, ${describeRemote(result)}`, {
    details: { server, ending: result.ending, code: result.code },
  });
}

const firstUse = (server: string, hostKey: string): string =>
  `the host key ${hostKey} of ${server} was accepted without a comparison (trustOnFirstUse). A successful deployment records it. Compare it with the output of "ssh-keygen -lf" on the server, and set hostKey of the target to it`;
