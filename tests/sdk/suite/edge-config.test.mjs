import assert from 'node:assert/strict'
import { before } from 'node:test'
import { fails, onEachSdk } from './sdks.mjs'
import { newTeam, request } from './world.mjs'

onEachSdk('edge configs', ({ client, it, sdk }) => {
  let team, group
  // Newer releases call the group so, and its paths.
  const name = sdk === 'matching' ? 'edge-config' : 'global-config'
  before(async () => {
    team = await newTeam()
    const vercel = client(team.token)
    group = sdk === 'matching' ? vercel.edgeConfig : vercel.globalConfig
  })
  const of = (made, more) => ({ edgeConfigId: made.id, teamId: team.teamId, ...more })
  const create = requestBody => group.createEdgeConfig({ teamId: team.teamId, requestBody })
  const raw = (status, method, path, body) => request(team.token, status, method, `/v1/${name}${path}?teamId=${team.teamId}`, body)
  /// The newest release has no operation for it.
  const patch = (made, items) => sdk === 'matching'
    ? group.patchEdgeConfigItems(of(made, { requestBody: { items } }))
    : raw(200, 'PATCH', `/${made.id}/items`, { items })

  it('lives from creation to deletion', async () => {
    const made = await create({ slug: 'settings', items: { dark: true, limits: { a: [1, null] } } })
    assert.deepEqual([made.itemCount, made.ownerId, made.slug], [2, team.teamId, 'settings'])
    const read = await group.getEdgeConfig(of(made))
    assert.equal(read.digest, made.digest)
    const renamed = await group.updateEdgeConfig(of(made, { requestBody: { slug: 'renamed' } }))
    assert.equal(renamed.slug, 'renamed')
    // The newest release reads one object where a list is, as its own command line knows.
    const all = sdk === 'matching' ? await group.getEdgeConfigs({ teamId: team.teamId }) : await raw(200, 'GET', '')
    assert.deepEqual(all.map(config => config.id), [made.id])
    await group.deleteEdgeConfig(of(made))
    await fails(group.getEdgeConfig(of(made)), 404, 'not_found')
    await fails(group.deleteEdgeConfig(of(made)), 404, 'not_found')
    await fails(create({ slug: 'a b' }), 400, 'bad_request')
  })

  it('changes its items in one patch, and reads them', async () => {
    const made = await create({ slug: 'settings', items: { old: 1 } })
    const { status } = await patch(made, [
      { operation: 'create', key: 'text', value: 'hello', description: 'a word' },
      { operation: 'upsert', key: 'deep', value: { list: [1, 'two', { three: 3 }] } },
      { operation: 'update', key: 'deep', value: false },
      { operation: 'delete', key: 'old' },
    ])
    assert.equal(status, 'ok')
    const items = await group.getEdgeConfigItems(of(made))
    assert.deepEqual(items.map(item => [item.key, item.value]), [['deep', false], ['text', 'hello']])
    const item = await group.getEdgeConfigItem(of(made, { edgeConfigItemKey: 'text' }))
    assert.deepEqual([item.value, item.description, item.edgeConfigId], ['hello', 'a word', made.id])
    await fails(group.getEdgeConfigItem(of(made, { edgeConfigItemKey: 'old' })), 404, 'not_found')
    await group.deleteEdgeConfig(of(made))
  })

  it('holds its items to a schema', async () => {
    const made = await create({ slug: 'settings', items: { dark: true } })
    const define = (definition, more) => group.patchEdgeConfigSchema(of(made, { requestBody: { definition }, ...more }))
    await fails(group.getEdgeConfigSchema(of(made)), 404, 'not_found')
    const booleans = { type: 'object', additionalProperties: { type: 'boolean' } }
    await define(booleans, { dryRun: '1' })
    await define(booleans)
    await group.getEdgeConfigSchema(of(made))
    assert.deepEqual(await raw(200, 'GET', `/${made.id}/schema`), booleans)
    await fails(define({ required: ['light'] }), 400, 'schema_validation_failed')
    await fails(define({ type: 'nothing' }), 400, 'bad_request')
    await group.deleteEdgeConfigSchema(of(made))
    await fails(group.getEdgeConfigSchema(of(made)), 404, 'not_found')
    await group.deleteEdgeConfig(of(made))
  })

  it('has tokens that applications read with', async () => {
    const made = await create({ slug: 'settings', items: { dark: true } })
    const token = await group.createEdgeConfigToken(of(made, { requestBody: { label: 'site' } }))
    const read = await group.getEdgeConfigToken(of(made, { token: token.token }))
    assert.deepEqual([read.id, read.label, read.token], [token.id, 'site', token.token])
    if (sdk === 'matching') {
      assert.equal((await group.getEdgeConfigTokens(of(made))).id, token.id)
    } else {
      const [listed] = await raw(200, 'GET', `/${made.id}/tokens`)
      assert.deepEqual([listed.id, listed.partialToken], [token.id, read.partialToken])
    }
    const answer = await fetch(`${process.env.PINTLE_URL}/${made.id}/item/dark?token=${token.token}`)
    assert.equal(await answer.json(), true)
    await group.deleteEdgeConfigTokens(of(made, { requestBody: { tokens: [token.token] } }))
    await fails(group.getEdgeConfigToken(of(made, { token: token.id })), 404, 'not_found')
    await group.deleteEdgeConfig(of(made))
  })

  it('keeps what was there before', async () => {
    const made = await create({ slug: 'settings', items: { dark: true } })
    await patch(made, [{ operation: 'update', key: 'dark', value: false }])
    const first = await group.getEdgeConfigBackups(of(made, { limit: 1, metadata: '1' }))
    assert.deepEqual([first.backups.length, first.pagination.hasNext], [1, true])
    assert.equal(first.backups[0].metadata.itemsCount, 1)
    const rest = await group.getEdgeConfigBackups(of(made, { next: first.pagination.next }))
    const [{ id }] = rest.backups
    const before = await group.getEdgeConfigBackup(of(made, { edgeConfigBackupVersionId: id }))
    assert.deepEqual([before.backup.items.dark.value, before.user.username], [true, 'demo'])
    if (sdk === 'newest') {
      const restored = await group.restoreEdgeConfigBackup(of(made, { edgeConfigBackupVersionId: id }))
      assert.deepEqual([restored.digest, restored.restoredFrom], [made.digest, id])
    }
    await group.deleteEdgeConfig(of(made))
  })
})
