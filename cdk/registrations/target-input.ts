import type * as z from 'zod/mini';
import type { RegisteredTarget } from '../../core/targets/registered.ts';

/** A target as written in code: fields with defaults are optional. */
export type TargetInput = z.input<typeof RegisteredTarget>;
