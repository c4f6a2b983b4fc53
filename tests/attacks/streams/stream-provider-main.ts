/** A provider in a process of its own that answers as the recipes say: the model's name is the recipe's number. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bytesOf, type Recipe } from './recipe.ts';

process.on('disconnect', () => process.exit(0));
const [recipes] = (await once(process, 'message')) as [Recipe[]];
const bodies = recipes.map((recipe) => bytesOf(recipe));

const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += String(part);
  const { model } = JSON.parse(body) as { model: string };
  const index = Number(model.slice('worst-'.length));
  await send(response, recipes[index] as Recipe, bodies[index] as Buffer);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });

/** Of small chunks so many in one write as fill a packet: a write for each would be the sender's whole time. */
const WRITE_BYTES = 65_536;

async function send(response: ServerResponse, recipe: Recipe, bytes: Buffer): Promise<void> {
  const { type, packing, chunkBytes } = recipe;
  response.on('error', () => undefined);
  response.socket?.setNoDelay(true);
  response.writeHead(200, {
    ...(type === '' ? {} : { 'content-type': type }),
    ...(packing === null ? {} : { 'content-encoding': packing }),
  });
  for (let from = 0; from < bytes.length && !response.destroyed; from += WRITE_BYTES) {
    const end = Math.min(bytes.length, from + WRITE_BYTES);
    let isFull = false;
    response.cork();
    for (let at = from; at < end; at += chunkBytes) {
      isFull = !response.write(bytes.subarray(at, Math.min(end, at + chunkBytes)));
    }
    response.uncork();
    if (isFull && !response.destroyed) {
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  }
  response.end();
}
