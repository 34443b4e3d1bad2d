#!/usr/bin/env node
import { keepHangUps } from './hang-up.js';

keepHangUps();
// Everything else comes after it, which takes seconds on a busy machine.
const { runCommandLine } = await import('./command-line.js');
await runCommandLine();
