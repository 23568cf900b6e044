import type { StackBackend } from '../../account/stack-backend.ts';
import type { Operator } from '../../local/aws/operator.ts';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { Backend } from '../../services/backend/backend.ts';
import { checkStateFolder, unusable } from '../input/check-state-folder.ts';
import type { BackendSelection, StackSelection } from '../options/backend-options.ts';

interface LocalOpening {
  readonly mustExist?: boolean;
  /** The AWS credentials for targets of kind acm. */
  readonly operator?: Operator | undefined;
}

/** Opens local mode while `work` runs. Creates the state folder unless it `mustExist`. */
export async function withLocalBackend<Result>(
  state: string,
  work: (backend: LocalBackend) => Promise<Result>,
  { mustExist = false, operator }: LocalOpening = {},
): Promise<Result> {
  checkStateFolder(state, { mustExist });
  const backend = await openLocal(state, operator);
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

/** The import is dynamic, so that other commands do not load local mode. */
async function openLocal(state: string, operator: Operator | undefined): Promise<LocalBackend> {
  const { openLocalBackend } = await import('../../local/backend/local-backend.ts');
  try {
    return await openLocalBackend({ stateDir: state, operator });
  } catch (error) {
    throw isFileError(error) ? unusable(state, error) : error;
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'path' in error;
}

/** Opens a stack while `work` runs. */
export async function withStackBackend<Result>(
  { stack, region, profile }: StackSelection,
  work: (backend: StackBackend) => Promise<Result>,
): Promise<Result> {
  const { openStackBackend } = await import('../../account/stack-backend.ts');
  const backend = await openStackBackend({ stack, region, profile });
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

/** Opens the selected backend for operations that both have. The state folder of local mode must exist. */
export function withBackend<Result>(
  selection: BackendSelection,
  work: (backend: Backend) => Promise<Result>,
): Promise<Result> {
  return selection.kind === 'local'
    ? withLocalBackend(selection.state, work, { mustExist: true })
    : withStackBackend(selection, work);
}
