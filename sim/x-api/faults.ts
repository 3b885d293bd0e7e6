/** What goes wrong between X and us, when a test says so. Owns the order: each fault strikes once, at its path. */

/**
 * `before`: the request never arrives. `after`: it is carried out, and its answer lost. `silent`: the same, and the connection stands. Else X
 * answers this in its place.
 */
export type XFaultKind =
  | "before"
  | "after"
  | "silent"
  | { readonly status: number; readonly body: string; readonly type: string };

export class XFaults {
  readonly #waiting: { readonly path: string; readonly kind: XFaultKind }[] = [];

  /** Strikes at the next request whose path ends so. */
  strike(path: string, kind: XFaultKind): void {
    this.#waiting.push({ path, kind });
  }

  take(path: string): XFaultKind | undefined {
    const at = this.#waiting.findIndex((fault) => path.endsWith(fault.path));
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.kind;
  }
}
