import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSources } from '../services/sources.ts';
import { once } from './once.ts';

/** Where versions' bytes come from. Only the task that seals them imports this. */
export const sources = once(() => createSources(new SecretsManagerClient({})));
