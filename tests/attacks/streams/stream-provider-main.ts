/**
 * A provider in a process of its own that answers as the recipes say: the model's name is the recipe's number.
 * Its answers are made once, chunks and all: what costs it as much to send as the proxy to read would not
 * show what another one can do.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { framed } from './framed.ts';
import { bytesOf, type Recipe } from './recipe.ts';

process.on('disconnect', () => process.exit(0));
const [recipes] = (await once(process, 'message')) as [Recipe[]];
const answers = recipes.map((recipe) => answerOf(recipe));

const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += String(part);
  const { model } = JSON.parse(body) as { model: string };
  const { socket } = response;
  socket?.on('error', () => undefined);
  socket?.end(answers[Number(model.slice('worst-'.length))] as Buffer);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.({ port: (server.address() as AddressInfo).port });

function answerOf(recipe: Recipe): Buffer {
  const { type, packing, chunkBytes } = recipe;
  const head = [
    'HTTP/1.1 200 OK',
    'connection: close',
    'transfer-encoding: chunked',
    ...(type === '' ? [] : [`content-type: ${type}`]),
    ...(packing === null ? [] : [`content-encoding: ${packing}`]),
  ];
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
    framed(bytesOf(recipe), chunkBytes),
  ]);
}
