// Writes src/lib/api/schema.d.ts from what a server says about itself: npm run types -- http://localhost:4800
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapi, { astToString } from 'openapi-typescript';

const server = process.argv[2] ?? 'http://localhost:4800';
const answer = await fetch(new URL('/api/v1/openapi.json', server));
if (!answer.ok) throw new Error(`${server} answers ${answer.status}; is it a Thimble studio?`);
const types = astToString(
  await openapi(await answer.json(), {
    emptyObjectsUnknown: true,
    // What has a default may be left out of a request.
    defaultNonNullable: false,
  }),
);
const place = fileURLToPath(new URL('../src/lib/api/schema.d.ts', import.meta.url));
await writeFile(
  place,
  `// Made from the server's OpenAPI document by \`npm run types\`; edit the routes instead.\n${types}`,
);
