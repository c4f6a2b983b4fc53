/**
 * One contender in a process of its own, so that its memory and its CPU are its own:
 * `main.ts NAME ENGINES FOLDER`. Its last line of output says what it took.
 */
import { openStores } from '../stores.ts';
import { plain } from './plain.ts';
import { tollgate } from './tollgate.ts';

const contenders = { plain, tollgate };

const [name = '', engine = '', folder = ''] = process.argv.slice(2);
const contender = contenders[name as keyof typeof contenders];
if (contender === undefined) throw new Error(`no contender ${name}`);
const stores = await openStores(engine, folder, name);

const startMs = performance.now();
const cpuBefore = process.cpuUsage();
await contender.run(stores);
const seconds = (performance.now() - startMs) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const rssMib = process.resourceUsage().maxRSS / 1024;
const found = await contender.found(stores);
await stores.close();
console.log(JSON.stringify({ seconds, cpuS: (user + system) / 1e6, rssMib, ...found }));
process.exit(0);
