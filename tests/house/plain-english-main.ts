/** `npm run check:words`: every word that plain-english.ts stops, and how many each room has. */
import { fileURLToPath } from 'node:url';
import { checkPlainEnglish, readTextFiles } from './plain-english.ts';

const files = readTextFiles(fileURLToPath(new URL('../..', import.meta.url)));
const findings = checkPlainEnglish(files);
const rooms = new Map<string, number>();
for (const { path, line, rule, message } of findings) {
  console.error(`${path}:${line} [${rule}] ${message}`);
  const room = path.split('/').slice(0, -1).slice(0, 3).join('/') || '.';
  rooms.set(room, (rooms.get(room) ?? 0) + 1);
}
for (const [room, count] of [...rooms].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(count).padStart(4)} ${room}`);
}
console.log(`${files.length} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
