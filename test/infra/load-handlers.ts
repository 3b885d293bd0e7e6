/**
 * Loads every handler twice, in a process of its own since handlers read the environment as they load: without any variable, to hear
 * which it needs, and with those of the template. Reads `[{ entry, environment }]` from its standard input and answers
 * `[{ entry, needs, complaint }]`.
 */
import { pathToFileURL } from "node:url";

type Wanted = { readonly entry: string; readonly environment: Readonly<Record<string, string>> };

const wanted: readonly Wanted[] = JSON.parse(await new Response(process.stdin).text());
const bare = { ...process.env };
const answers: unknown[] = [];
for (const { entry, environment } of wanted) {
  const url = pathToFileURL(entry).href;
  process.env = { ...bare };
  const needs = await complaintOf(`${url}?bare`);
  process.env = { ...bare, ...environment };
  answers.push({ entry, needs: needs?.split(" must be ")[0]?.split(", ") ?? [], complaint: await complaintOf(url) });
}
process.stdout.write(JSON.stringify(answers));

async function complaintOf(url: string): Promise<string | undefined> {
  try {
    await import(url);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
