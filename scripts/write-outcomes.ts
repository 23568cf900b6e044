/** Writes the table of docs/outcomes.md from the rows of its test. */
import { writeFileSync } from 'node:fs';
import { outcomePage, pageWithOutcomes } from '../test/lambdas/outcome-page.ts';

writeFileSync(outcomePage, await pageWithOutcomes());
