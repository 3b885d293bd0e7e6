/** The page that shows what was posted to the simulated X, newest first. Owns its looks; images have addresses of their own. */
import type { XPost } from "./x-api.ts";

const POSTS_SHOWN_MAX = 50;
const REFRESH_SECONDS = 10;

const STYLE = `body{margin:0;background:#eef2f6;color:#16202c;font:16px/1.45 system-ui,sans-serif}
main{max-width:620px;margin:0 auto;padding:16px}h1{font-size:20px}article{background:#fff;border-radius:16px;padding:16px;margin:0 0 16px}
p{white-space:pre-wrap;margin:0 0 12px;overflow-wrap:anywhere}img{width:100%;height:auto;border-radius:12px;display:block}time{color:#566373}`;

export function postsPage(posts: readonly XPost[]): string {
  const shown = posts.slice(-POSTS_SHOWN_MAX).toReversed();
  const none = "<p>Nothing has been posted yet: a report comes with the end of each simulated hour.</p>";
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}"><title>FlashMM on the simulated X</title><style>${STYLE}</style></head>
<body><main><h1>FlashMM on the simulated X</h1>${shown.length === 0 ? none : shown.map(article).join("\n")}</main></body></html>`;
}

/** The path of a post's image. */
export function imagePath({ id }: Pick<XPost, "id">): string {
  return `/images/${id}.png`;
}

function article(post: XPost): string {
  const at = new Date(post.atMs).toISOString();
  return `<article><p>${escaped(post.text)}</p><img src="${imagePath(post)}" alt="${escaped(post.altText ?? "")}" width="1200" height="800">
<time datetime="${at}">${at.slice(0, 19).replace("T", " ")} UTC</time></article>`;
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}
