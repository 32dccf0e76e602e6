// A Pintle of the suites' own: the program is PINTLE_BIN, else target/debug/pintle.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const binary = process.env.PINTLE_BIN ?? fileURLToPath(new URL('../target/debug/pintle', import.meta.url))

/// Starts it on a new folder, with these options or those that a function of the folder answers. It resolves to what its ready line
/// says and to `stop`, which ends the server and answers the code that the run should end with.
export async function start(name, options = []) {
  const folder = mkdtempSync(path.join(tmpdir(), `pintle-${name}-`))
  const more = typeof options === 'function' ? options(folder) : options
  const args = ['serve', '--dev', '--json', '--listen', '127.0.0.1:0', '--data', folder, '--log', 'warn', '--dns', 'none', ...more]
  const server = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  const ready = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line').then(([line]) => JSON.parse(line)),
    ended.then(([code]) => { throw new Error(`${binary} ended with ${code} before it was ready`) }),
  ])
  const stop = async code => {
    server.kill('SIGTERM')
    const [status] = await ended
    if (status !== 0) console.error(`pintle ended with ${status} after SIGTERM`)
    rmSync(folder, { recursive: true })
    return code || (status === 0 ? 0 : 1)
  }
  return { ready, stop }
}
