// The official command line, without a login: the server's address and a token are options, the team and the project, where there is one,
// are environment variables, and the folders that it would write to are new ones. It asks nothing, reports nothing and looks for no newer release.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('node_modules/vercel/dist/vc.js', import.meta.url))

/// A command line for this team and project, in a folder of its own; `run(...words)` resolves to its exit code and what it printed. Without
/// a project the folder is linked to none. `answers` is what is typed.
export function commandLine({ url, token }, { teamId, projectId } = {}, answers = '') {
  const home = mkdtempSync(path.join(tmpdir(), 'pintle-cli-'))
  const env = {
    PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, CI: '1', NO_COLOR: '1', NO_UPDATE_NOTIFIER: '1', VERCEL_TELEMETRY_DISABLED: '1',
    ...(projectId && { VERCEL_ORG_ID: teamId, VERCEL_PROJECT_ID: projectId }),
  }
  const run = (...words) => new Promise(resolve => {
    const args = [program, ...words, '--api', url, '--token', token, '--non-interactive']
    const child = execFile(process.execPath, args, { cwd: home, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr })
    })
    child.stdin.end(answers)
  })
  return { run, folder: home, close: () => rmSync(home, { recursive: true }) }
}
