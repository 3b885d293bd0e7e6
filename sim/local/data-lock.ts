/**
 * One run at a time in a data folder. Owns a lock that the operating system takes back when the process dies, however
 * it dies; the stores themselves would find out too late and in the middle of a request.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Locks the folder, made when it is not there; returns what frees it. Throws when another run holds it. Each owner of a part
 * of the folder takes a lock of its own `name`.
 */
export function lockDataFolder(folder: string, name = "run.lock"): () => void {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, name));
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new Error(`the data folder ${folder} cannot be locked: is another run using it?`, { cause });
  }
  return () => database.close();
}
