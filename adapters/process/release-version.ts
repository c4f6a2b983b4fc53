/** The version of this release: the one of the repository's package. */
import { readFileSync } from 'node:fs';

const path = new URL('../../package.json', import.meta.url);

export const releaseVersion: string = JSON.parse(readFileSync(path, 'utf8')).version;
