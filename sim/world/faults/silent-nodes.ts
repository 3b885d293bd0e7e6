/** Nodes that say nothing of their own, for as long as any fault wants it. Owns how many want it of each. */
import type { SeiEndpoint } from "../../sei-node/endpoint.ts";

type Node = Pick<SeiEndpoint, "silence">;

const wishes = new WeakMap<Node, number>();

/** Answers what takes the wish back: who is the last to do so lets a node speak again. */
export function silenceNodes(nodes: readonly Node[]): () => void {
  for (const node of nodes) wish(node, 1);
  return () => {
    for (const node of nodes) wish(node, -1);
  };
}

function wish(node: Node, change: 1 | -1): void {
  const count = (wishes.get(node) ?? 0) + change;
  wishes.set(node, count);
  node.silence(count > 0);
}
