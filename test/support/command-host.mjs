// Runs the compiled command line again and again: each time its main module anew, everything beneath it as loaded.
const [main] = process.argv.slice(2);
let runs = 0;

process.on('message', async ({ args, env }) => {
  process.env = { ...env };
  process.argv = [process.execPath, main, ...args];
  process.exitCode = undefined;
  const said = { stdout: '', stderr: '' };
  const write = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const stream of ['stdout', 'stderr'])
    process[stream].write = (text, written) => {
      said[stream] += text;
      written?.();
      return true;
    };
  try {
    await import(`file://${main}?run=${(runs += 1)}`);
  } finally {
    for (const stream of ['stdout', 'stderr']) process[stream].write = write[stream];
    process.send({ code: process.exitCode ?? 0, ...said });
  }
});
