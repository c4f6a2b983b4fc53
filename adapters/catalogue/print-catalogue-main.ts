/** Prints the catalogue that is installed, as JSON. */
import { readCatalogue } from './genai-prices.ts';

process.stdout.write(JSON.stringify(await readCatalogue()));
