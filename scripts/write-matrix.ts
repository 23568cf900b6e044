/** Writes the daemon matrix of docs/targets/README.md from the connectors, the contract's tests and the daemons here. */
import { writeFileSync } from 'node:fs';
import { matrixPage, pageWithMatrix, readMatrixPage } from '../test/contract/matrix.ts';

writeFileSync(matrixPage, pageWithMatrix(readMatrixPage()));
