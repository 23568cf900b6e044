/** Writes the matrix of daemons in docs/targets/README.md from connectors, contract tests and the installed daemons. */
import { writeFileSync } from 'node:fs';
import { matrixPage, pageWithMatrix, readMatrixPage } from '../test/contract/matrix.ts';

writeFileSync(matrixPage, pageWithMatrix(readMatrixPage()));
