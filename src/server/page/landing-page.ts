import { randomBytes } from 'node:crypto';
import { type GraphQLSchema, printSchema } from 'graphql';

/** What the page shows. */
export interface LandingPageOptions {
  readonly title: string;
  /** The endpoint's own path. */
  readonly path: string;
  /** Shown as SDL; left out where the reader may not know it. */
  readonly schema: GraphQLSchema | undefined;
  /** The operation that is filled in. */
  readonly operation: string;
  /** A development token for the header that is filled in; undefined leaves it out. */
  readonly token: string | undefined;
}

/** A page, and the headers it must be sent with. */
export interface LandingPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

const CDN = 'https://embeddable-sandbox.cdn.apollographql.com';
const SANDBOX = `${CDN}/v2/embeddable-sandbox.umd.production.min.js`;

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
/** JSON that cannot end the script element it stands in. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
/** A word of a POSIX shell, whatever is in it. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const STYLE = `
  :root { color-scheme: light dark; --ink: #14202b; --soft: #55636f; --paper: #fff; --sheet: #f4f6f8; --line: #d9dee3; --accent: #0b62a8; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b3; --paper: #11161b; --sheet: #1a2128; --line: #2d3740; --accent: #6cb8f5; } }
  * { box-sizing: border-box; }
  html, body { margin: 0; height: 100%; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  #sandbox { height: 100vh; }
  #sandbox iframe { display: block; width: 100%; height: 100%; border: 0; }
  main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
  main[hidden], #sandbox[hidden] { display: none; }
  h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
  h2 { margin: 2.25rem 0 .5rem; font-size: 1.05rem; }
  p { margin: .5rem 0 0; max-width: 44rem; color: var(--soft); }
  code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
  #here { color: var(--accent); overflow-wrap: anywhere; }
  pre { margin: .5rem 0 0; padding: 1rem; font-size: 13px; line-height: 1.5; background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; overflow: auto; tab-size: 2; }
  #curl { white-space: pre-wrap; overflow-wrap: anywhere; }
  #sdl { max-height: 32rem; }
  .head { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
  button { font: inherit; font-size: 13px; color: var(--accent); background: none; border: 1px solid var(--line); border-radius: 6px; padding: .1rem .6rem; cursor: pointer; }
  button:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

/**
 * The page a browser gets: Apollo Sandbox with an operation filled in, and, where its script cannot be reached, the
 * same operation as a `curl` line and the schema. For development.
 */
export function landingPage(options: LandingPageOptions): LandingPage {
  const { title, path, schema, operation, token } = options;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const body = JSON.stringify({ query: operation.replace(/\s+/g, ' ').trim() });
  const curl = [
    `curl -s ORIGIN${path} \\`,
    `  -H 'content-type: application/json' \\`,
    ...(token ? [`  -H 'authorization: Bearer ${token}' \\`] : []),
    `  -d ${shellQuote(body)}`,
  ].join('\n');
  const sdl = schema
    ? `<h2>Schema</h2>\n  <pre id="sdl" tabindex="0">${escapeHtml(printSchema(schema))}</pre>`
    : '';
  const nonce = randomBytes(16).toString('base64');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<div id="sandbox" hidden></div>
<main id="plain">
  <h1>${escapeHtml(title)}</h1>
  <p>A GraphQL endpoint at <code id="here">${escapeHtml(path)}</code>. Apollo Sandbox opens on this page when its script can be reached; without it, ask from a terminal.</p>
  <div class="head"><h2>Ask</h2><button type="button" id="copy">Copy</button></div>
  <pre id="curl" tabindex="0">${escapeHtml(curl)}</pre>
  ${sdl}
</main>
<script nonce="${nonce}">
  const here = location.origin + ${scriptJson(path)};
  const curl = document.getElementById('curl');
  curl.textContent = curl.textContent.replace('ORIGIN', location.origin);
  document.getElementById('here').textContent = here;
  document.getElementById('copy').onclick = async ({ target }) => {
    getSelection().selectAllChildren(curl);
    // Missing where the page came over plain HTTP from another machine: the text is selected, at least.
    await navigator.clipboard?.writeText(curl.textContent);
    target.textContent = navigator.clipboard ? 'Copied' : 'Selected';
  };
  function openSandbox() {
    document.getElementById('plain').hidden = true;
    document.getElementById('sandbox').hidden = false;
    new window.EmbeddedSandbox({
      target: '#sandbox',
      initialEndpoint: here,
      endpointIsEditable: false,
      hideCookieToggle: true,
      runTelemetry: false,
      initialState: { document: ${scriptJson(operation)}, headers: ${scriptJson(headers)}, includeCookies: false },
    });
  }
  const script = document.createElement('script');
  script.src = ${scriptJson(SANDBOX)};
  script.onload = openSandbox;
  document.head.append(script);
</script>
</body>
</html>
`;
  return {
    html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': [
        `script-src 'nonce-${nonce}' ${CDN}`,
        'frame-src https://sandbox.embed.apollographql.com',
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; '),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  };
}

/** Whether a request comes from a browser's address bar: a GET that wants HTML and asks no question. */
export const wantsPage = (request: {
  method: string;
  url: string;
  headers: { accept?: string | undefined };
}): boolean =>
  request.method === 'GET' &&
  Boolean(request.headers.accept?.includes('text/html')) &&
  !/[?&](query|extensions)=/.test(request.url);
