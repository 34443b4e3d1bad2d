import { type GraphQLSchema, printSchema } from 'graphql';

/** What the page shows. */
export interface LandingPageOptions {
  readonly title: string;
  /** The endpoint's own path. */
  readonly path: string;
  readonly schema: GraphQLSchema;
  /** The operation that is filled in. */
  readonly operation: string;
  /** A development token for the header that is filled in; undefined leaves it out. */
  readonly token: string | undefined;
}

const SANDBOX =
  'https://embeddable-sandbox.cdn.apollographql.com/_latest/embeddable-sandbox.umd.production.min.js';

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
/** JSON that cannot end the script element it stands in. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * The page a browser gets: Apollo Sandbox with an operation filled in, and beneath it, where the script cannot be
 * reached, the same operation as `curl` lines and the schema. For development only.
 */
export function landingPage({ title, path, schema, operation, token }: LandingPageOptions): string {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const body = JSON.stringify({ query: operation.replace(/\s+/g, ' ').trim() });
  const curl = [
    `curl -s ORIGIN${path} \\`,
    `  -H 'content-type: application/json' \\`,
    ...(token ? [`  -H 'authorization: Bearer ${token}' \\`] : []),
    `  -d '${body}'`,
  ].join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
  html, body { margin: 0; height: 100%; font: 16px/1.5 system-ui, sans-serif; color: #14202b; background: #fff; }
  #sandbox { height: 100vh; }
  #sandbox iframe { width: 100%; height: 100%; border: 0; }
  main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; }
  main[hidden], #sandbox[hidden] { display: none; }
  pre { background: #f3f5f7; border: 1px solid #d9dee3; border-radius: 6px; padding: 1rem; overflow: auto; font-size: 13px; }
  @media (prefers-color-scheme: dark) { html, body { color: #e4e9ee; background: #11161b; } pre { background: #1a2128; border-color: #2d3740; } }
</style>
</head>
<body>
<div id="sandbox" hidden></div>
<main id="plain">
  <h1>${escapeHtml(title)}</h1>
  <p>This is a GraphQL endpoint. Apollo Sandbox opens here when its script can be reached; without it, ask from a terminal:</p>
  <pre id="curl">${escapeHtml(curl)}</pre>
  <h2>Schema</h2>
  <pre>${escapeHtml(printSchema(schema))}</pre>
</main>
<script>
  const here = location.origin + ${scriptJson(path)};
  const curl = document.getElementById('curl');
  curl.textContent = curl.textContent.replace('ORIGIN', location.origin);
  function openSandbox() {
    document.getElementById('plain').hidden = true;
    const target = document.getElementById('sandbox');
    target.hidden = false;
    new window.EmbeddedSandbox({
      target: '#sandbox',
      initialEndpoint: here,
      includeCookies: false,
      initialState: { document: ${scriptJson(operation)}, headers: ${scriptJson(headers)}, includeCookies: false },
    });
  }
</script>
<script src="${SANDBOX}" onload="openSandbox()" async></script>
</body>
</html>
`;
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
