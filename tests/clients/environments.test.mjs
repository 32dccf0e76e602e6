// Projects, links and variables from the command line; after each command the server is asked what there is.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { commandLine } from './cli.mjs'

const demo = JSON.parse(process.env.PINTLE_DEMO)
let cli, bare, project

async function ask(path, method = 'GET', body) {
  const response = await fetch(`${demo.url}${path}${path.includes('?') ? '&' : '?'}teamId=${demo.teamId}`, {
    method, headers: { authorization: `Bearer ${demo.token}` }, body: body && JSON.stringify(body),
  })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.status === 204 ? undefined : response.json()
}
const variables = async key => (await ask(`/v10/projects/${project.id}/env?decrypt=true`)).envs.filter(env => env.key === key)

/// What it prints on a way that ends well.
async function vercel(by, ...words) {
  const { code, stdout, stderr } = await by.run(...words)
  assert.equal(code, 0, `vercel ${words.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout + stderr
}
/// What `env pull` writes, by name, into a file that is new: what an old one has beside it, it keeps.
let files = 0
async function pulled(...words) {
  const file = `.env.pulled-${files++}`
  await vercel(cli, 'env', 'pull', file, '--yes', ...words)
  const lines = readFileSync(path.join(cli.folder, file), 'utf8').split('\n').filter(line => line.includes('='))
  return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), JSON.parse(line.slice(line.indexOf('=') + 1))]))
}

before(async () => {
  project = await ask('/v11/projects', 'POST', { name: 'of-the-command-line' })
  cli = commandLine(demo, { teamId: demo.teamId, projectId: project.id })
  bare = commandLine(demo, {}, 'y\n')
})
after(async () => {
  cli.close()
  bare.close()
  await ask(`/v9/projects/${project.id}`, 'DELETE')
})

test('`env add` makes secret ones, readable ones, and those of a branch', async () => {
  await vercel(cli, 'env', 'add', 'HUSH', 'production', '--value', 'one', '--yes')
  await vercel(cli, 'env', 'add', 'OPEN', 'production', '--value', 'two', '--yes', '--no-sensitive')
  await vercel(cli, 'env', 'add', 'OPEN', 'preview', '--value', 'three', '--yes', '--no-sensitive')
  await vercel(cli, 'env', 'add', 'OPEN', 'preview', 'feature', '--value', 'four', '--yes', '--no-sensitive')
  await vercel(cli, 'env', 'add', 'OPEN', 'development', '--value', 'five', '--yes')
  const [hush] = await variables('HUSH')
  assert.deepEqual([hush.type, hush.target, hush.value], ['sensitive', ['production'], ''])
  const found = (await variables('OPEN')).map(env => [env.target.join(), env.gitBranch, env.value])
  assert.deepEqual(found.sort(), [['development', undefined, 'five'], ['preview', undefined, 'three'], ['preview', 'feature', 'four'], ['production', undefined, 'two']].sort())
  const { code } = await cli.run('env', 'add', 'OPEN', 'production', '--value', 'again', '--yes')
  assert.equal(code, 1, 'there is one already')
})

test('`env add` into a custom environment, which `target ls` shows', async () => {
  const { id } = await ask(`/v9/projects/${project.id}/custom-environments`, 'POST', { slug: 'staging' })
  assert.match(await vercel(cli, 'target', 'ls'), /staging/i)
  await vercel(cli, 'env', 'add', 'STAGED', 'staging', '--value', 'six', '--yes', '--no-sensitive')
  assert.deepEqual((await variables('STAGED')).map(env => env.customEnvironmentIds), [[id]])
  const listed = await vercel(cli, 'env', 'ls', 'staging')
  assert.match(listed, /STAGED/)
  assert.doesNotMatch(listed, /OPEN/)
})

test('`env ls` shows them all, or those of an environment', async () => {
  const all = await vercel(cli, 'env', 'ls')
  for (const text of ['HUSH', 'OPEN', 'STAGED', 'feature']) assert.ok(all.includes(text), all)
  assert.doesNotMatch(await vercel(cli, 'env', 'ls', 'development'), /HUSH/)
})

test('`env pull` writes what a deployment gets', async () => {
  const [{ id }] = (await ask('/v1/env', 'POST', { evs: [{ key: 'SHARED', value: 'seven' }], target: ['preview', 'development'], projectId: [project.id] })).created
  assert.deepEqual(await pulled(), { OPEN: 'five', SHARED: 'seven' })
  assert.deepEqual(await pulled('--environment=preview'), { OPEN: 'three', SHARED: 'seven' })
  assert.deepEqual(await pulled('--environment=preview', '--git-branch=feature'), { OPEN: 'four', SHARED: 'seven' })
  assert.deepEqual(await pulled('--environment=production'), { HUSH: '[SENSITIVE]', OPEN: 'two' })
  assert.deepEqual(await pulled('--environment=staging'), { STAGED: 'six' })
  await ask('/v1/env', 'DELETE', { ids: [id] })
})

test('`env pull` of a branch keeps the secret that a file has', async () => {
  await vercel(cli, 'env', 'add', 'BURIED', 'preview', '--value', 'nine', '--yes')
  const file = path.join(cli.folder, '.env.kept')
  writeFileSync(file, 'BURIED="mine"\n')
  await vercel(cli, 'env', 'pull', '.env.kept', '--yes', '--environment=preview', '--git-branch=feature')
  const text = readFileSync(file, 'utf8')
  assert.match(text, /BURIED="mine"/)
  assert.match(text, /OPEN="four"/)
  await vercel(cli, 'env', 'rm', 'BURIED', 'preview', '--yes')
})

test('`env rm` of a branch takes what the branch has', async () => {
  await vercel(cli, 'env', 'rm', 'OPEN', 'preview', 'feature', '--yes')
  const left = (await variables('OPEN')).map(env => [env.target.join(), env.gitBranch])
  assert.deepEqual(left.sort(), [['development', undefined], ['preview', undefined], ['production', undefined]])
})

test('`env update` changes one, `env rm` takes it away', async () => {
  await vercel(cli, 'env', 'update', 'OPEN', 'production', '--value', 'eight', '--yes')
  assert.equal((await pulled('--environment=production')).OPEN, 'eight')
  await vercel(cli, 'env', 'rm', 'OPEN', 'production', '--yes')
  await vercel(cli, 'env', 'rm', 'STAGED', 'staging', '--yes')
  assert.deepEqual([(await variables('OPEN')).length, (await variables('STAGED')).length], [2, 0])
  assert.equal((await cli.run('env', 'rm', 'NONE', 'production', '--yes')).code, 1)
})

test('`project add`, `ls`, `inspect`, `rename` and `rm`', async () => {
  await vercel(bare, 'project', 'add', 'cli-made')
  assert.match(await vercel(bare, 'project', 'ls'), /cli-made/)
  const { id } = await ask('/v9/projects/cli-made')
  assert.match(await vercel(bare, 'project', 'inspect', 'cli-made'), new RegExp(id))
  await vercel(bare, 'project', 'rename', 'cli-made', 'cli-renamed')
  assert.equal((await ask(`/v9/projects/${id}`)).name, 'cli-renamed')
  await vercel(bare, 'project', 'rm', 'cli-renamed')
  assert.doesNotMatch(await vercel(bare, 'project', 'ls'), /cli-renamed/)
})

test('`link` links a folder to a project that is there, or to a new one', async () => {
  const file = () => JSON.parse(readFileSync(path.join(bare.folder, '.vercel', 'project.json'), 'utf8'))
  await vercel(bare, 'link', '--yes', '--project', project.name)
  assert.deepEqual([file().projectId, file().orgId], [project.id, demo.teamId])
  const other = commandLine(demo)
  try {
    await vercel(other, 'link', '--yes', '--project', 'linked-anew')
    assert.ok(existsSync(path.join(other.folder, '.vercel', 'project.json')))
    assert.match(await vercel(other, 'env', 'ls'), /linked-anew/)
  } finally {
    other.close()
    await ask('/v9/projects/linked-anew', 'DELETE')
  }
})

test('`link` in a clone connects the project to its repository', async () => {
  const clone = commandLine(demo)
  try {
    mkdirSync(path.join(clone.folder, '.git'))
    writeFileSync(path.join(clone.folder, '.git', 'config'), '[remote "origin"]\n\turl = https://github.com/acme/cloned.git\n')
    const printed = await vercel(clone, 'link', '--yes', '--project', 'cloned')
    assert.doesNotMatch(printed, /Failed to connect/)
    const { link } = await ask('/v9/projects/cloned')
    assert.deepEqual([link.type, link.org, link.repo, link.productionBranch], ['github', 'acme', 'cloned', 'main'])
    await vercel(clone, 'git', 'disconnect', '--yes')
    assert.equal((await ask('/v9/projects/cloned')).link, undefined)
  } finally {
    clone.close()
    await ask('/v9/projects/cloned', 'DELETE')
  }
})

test('`integration list` and `installations` answer without any', async () => {
  await vercel(cli, 'integration', 'list')
  await vercel(cli, 'integration', 'installations')
})

test('`whoami` and `teams ls` know the token', async () => {
  const { user } = await ask('/v2/user')
  assert.match(await vercel(bare, 'whoami'), new RegExp(user.username))
  assert.match(await vercel(bare, 'teams', 'ls'), /demo-team/)
})
