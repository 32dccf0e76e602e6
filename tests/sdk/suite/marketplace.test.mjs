import assert from 'node:assert/strict'
import { before } from 'node:test'
import { secrets } from '../../partner.mjs'
import { fails, onEachSdk } from './sdks.mjs'
import { buy, demo, newProject, newTeam, request } from './world.mjs'

const DAY = 86_400_000

onEachSdk('the marketplace', ({ client, it, sdk }) => {
  let team, project, installed, vercel, own
  before(async () => {
    team = await newTeam()
    project = await newProject(team)
    installed = await buy(team)
    vercel = client(team.token)
    own = client(installed.token)
  })
  const ours = input => ({ teamId: team.teamId, ...input })
  /// What a partner asks names no team.
  const its = input => ({ integrationConfigurationId: installed.id, ...input })

  const provision = async (name, more) => {
    const requestBody = {
      name, integrationConfigurationId: installed.id, integrationProductIdOrSlug: installed.partner.product, metadata: { region: 'fra1' },
      source: 'marketplace', ...more,
    }
    return (await vercel.integrations.createIntegrationStoreDirect(ours({ requestBody }))).store
  }
  const imported = (resourceId, more) => own.marketplace.importResource(its({
    resourceId, requestBody: { productId: installed.partner.product, name: resourceId, status: 'ready', metadata: { region: 'iad1' }, secrets, ...more },
  }))
  const variables = async () => {
    const { envs } = await request(team.token, 200, 'GET', `/v10/projects/${project.id}/env?decrypt=true&teamId=${team.teamId}`)
    return Object.fromEntries(envs.map(env => [env.key, env.value]))
  }
  const connect = resourceId => vercel.integrations.connectIntegrationResourceToProject(ours(its({ resourceId, requestBody: { projectId: project.id } })))

  it('shows what is offered', async () => {
    const { products } = await vercel.integrations.getConfigurationProducts(ours({ id: installed.id }))
    assert.deepEqual(products.map(product => product.slug), [installed.partner.product])
    assert.deepEqual(Object.keys(products[0].metadataSchema.properties).length, 9)
    const { plans } = await vercel.integrations.getBillingPlans(ours({
      integrationIdOrSlug: installed.partner.slug, productIdOrSlug: installed.partner.product, metadata: JSON.stringify({ region: 'fra1' }),
    }))
    assert.deepEqual(plans.map(plan => [plan.id, plan.cost]), [['free', undefined], ['pro', '19.00']])
  })

  it('provisions a resource, connects it, and takes both away with the installation', async () => {
    const buyer = await newTeam()
    const site = await newProject(buyer)
    const bought = await buy(buyer)
    const theirs = { teamId: buyer.teamId }
    const requestBody = {
      name: 'main', integrationConfigurationId: bought.id, integrationProductIdOrSlug: bought.partner.product, source: 'marketplace',
      metadata: { region: 'fra1', scale: [2, 4], extensions: ['gis'] }, billingPlanId: 'pro',
    }
    const { store } = await vercel.integrations.createIntegrationStoreDirect({ ...theirs, requestBody })
    assert.deepEqual([store.status, store.billingPlan.id], ['available', 'pro'])
    const { name, metadata } = bought.partner.resources.get(store.externalResourceId)
    assert.deepEqual([name, metadata.scale], ['main', [2, 4]])
    // The contract tells no other id of it.
    const there = { integrationConfigurationId: bought.id, resourceId: store.externalResourceId }
    await vercel.integrations.connectIntegrationResourceToProject({ ...theirs, ...there, requestBody: { projectId: site.id } })
    const keys = async () => (await vercel.projects.filterProjectEnvs({ ...theirs, idOrName: site.id })).envs.map(env => env.key).sort()
    assert.deepEqual(await keys(), ['PASSWORD', 'URL'])
    await fails(vercel.integrations.connectIntegrationResourceToProject({ ...theirs, ...there, requestBody: { projectId: 'prj_unknown' } }), 404, 'not_found')
    await vercel.integrations.deleteConfiguration({ ...theirs, id: bought.id })
    assert.deepEqual(await keys(), [])
    assert.equal(bought.partner.installations.size, 0)
    await fails(vercel.integrations.getConfiguration({ ...theirs, id: bought.id }), 404, 'not_found')
    await fails(client(bought.token).marketplace.getAccountInfo({ integrationConfigurationId: bought.id }), 403, 'forbidden')
  })

  it('refuses a resource whose metadata breaks the schema', async () => {
    await fails(provision('wrong', { metadata: { region: 'mars' } }), 400, 'bad_request')
    await fails(provision('wrong', { metadata: { region: 'fra1', unknown: 1 } }), 400, 'bad_request')
    await fails(provision('wrong', { integrationProductIdOrSlug: 'no-such-product' }), 404, 'not_found')
    await fails(provision('wrong', { billingPlanId: 'no-such-plan' }), 400, 'billing_plan_required')
  })

  it('tells the partner whose the installation is', async () => {
    const { name, contact } = await own.marketplace.getAccountInfo(its())
    assert.equal(name, team.slug)
    assert.match(contact.email, /@/)
    const member = await own.marketplace.getMember(its({ memberId: demo.userId }))
    assert.deepEqual([member.id, member.role], [demo.userId, 'ADMIN'])
    assert.equal(installed.partner.installations.get(installed.id).user, demo.userId)
    await fails(own.marketplace.getMember(its({ memberId: 'nobody' })), 404, 'not_found')
    await fails(own.marketplace.getAccountInfo({ integrationConfigurationId: 'icfg_unknown' }), 404, 'not_found')
    await fails(vercel.marketplace.getAccountInfo(its()), 403, 'forbidden')
  })

  it('takes what the partner says of the installation', async () => {
    const notification = { level: 'warn', title: 'Your trial ends', href: 'https://example.com/trial' }
    await own.marketplace.updateInstallation(its({ requestBody: { notification } }))
    const configuration = () => request(team.token, 200, 'GET', `/v1/integrations/configuration/${installed.id}?teamId=${team.teamId}`)
    assert.equal((await configuration()).notification.title, 'Your trial ends')
    await own.marketplace.createEvent(its({ requestBody: { event: { type: 'installation.updated' } } }))
    await imported('told', { secrets: undefined })
    await own.marketplace.createEvent(its({ requestBody: { event: { type: 'resource.updated', resourceId: 'told', productId: installed.partner.product } } }))
    await own.marketplace.deleteIntegrationResource(its({ resourceId: 'told' }))
  })

  it('imports resources, changes them and takes them away', async () => {
    const billingPlan = { id: 'pro', type: 'subscription', name: 'Pro', cost: '19.00' }
    assert.equal((await imported('first', { billingPlan, extras: { shard: 7 } })).name, 'first')
    assert.equal((await imported('first', { billingPlan })).name, 'first')
    await imported('second', { name: 'first', ownership: 'linked' })
    const { resources } = await own.marketplace.getIntegrationResources(its())
    assert.deepEqual(resources.map(resource => resource.name).sort(), ['first', 'first-2'])
    const read = await own.marketplace.getIntegrationResource(its({ resourceId: 'first' }))
    assert.deepEqual([read.id, read.billingPlanId, read.metadata.region], ['first', 'pro', 'iad1'])
    const { name } = await own.marketplace.updateResource(its({ resourceId: 'first', requestBody: { name: 'renamed', status: 'suspended' } }))
    assert.equal(name, 'renamed')
    assert.equal((await own.marketplace.getIntegrationResource(its({ resourceId: 'first' }))).status, 'suspended')
    for (const resourceId of ['first', 'second']) await own.marketplace.deleteIntegrationResource(its({ resourceId }))
    await fails(own.marketplace.getIntegrationResource(its({ resourceId: 'first' })), 404, 'not_found')
    await fails(own.marketplace.deleteIntegrationResource(its({ resourceId: 'first' })), 404, 'not_found')
  })

  it('changes the secrets of connected projects, all or some, by both paths', async () => {
    await imported('kept')
    const { internalId } = await own.marketplace.getIntegrationResource(its({ resourceId: 'kept' }))
    await connect(internalId)
    assert.deepEqual(await variables(), { URL: secrets[0].value, PASSWORD: 'first' })
    const some = { partial: true, secrets: [{ name: 'PASSWORD', value: 'second' }] }
    await own.marketplace.updateResourceSecretsById(its({ resourceId: 'kept', requestBody: some }))
    assert.deepEqual(await variables(), { URL: secrets[0].value, PASSWORD: 'second' })
    const all = { secrets: [{ name: 'TOKEN', value: 'third', prefix: 'PG' }] }
    await own.marketplace.updateResourceSecrets(its({ integrationProductIdOrSlug: installed.partner.product, resourceId: 'kept', requestBody: all }))
    assert.deepEqual(await variables(), { PG_TOKEN: 'third' })
    await own.marketplace.deleteIntegrationResource(its({ resourceId: 'kept' }))
    assert.deepEqual(await variables(), {})
  })

  it('bills, is paid, and pays back', async () => {
    const billingPlan = { id: 'pro', type: 'subscription', name: 'Pro', cost: '19.00' }
    await imported('billed', { billingPlan })
    const now = Date.now()
    const period = { start: new Date(now), end: new Date(now + 30 * DAY) }
    const item = { resourceId: 'billed', billingPlanId: 'pro', name: 'Pro', price: '9.50', quantity: 2, units: 'month', total: '19.00' }
    const usage = [{ resourceId: 'billed', name: 'Storage', type: 'total', units: 'GB', dayValue: 1, periodValue: 2.5, planValue: 10 }]
    await own.marketplace.submitBillingData(its({ requestBody: { timestamp: new Date(now), eod: new Date(now + DAY), period, billing: { items: [item] }, usage } }))
    const balances = [{ resourceId: 'billed', credit: '2,000 tokens', nameLabel: 'tokens', currencyValueInCents: 1250 }]
    await own.marketplace.submitPrepaymentBalances(its({ requestBody: { timestamp: new Date(now), balances } }))
    const overview = await request(team.token, 200, 'GET', `/v1/integrations/installations/${installed.id}/billing/balance?teamId=${team.teamId}`)
    assert.deepEqual(overview.balances.map(balance => balance.currencyValueInCents), [1250])

    const body = { externalId: 'one', invoiceDate: period.start, period, memo: 'The first', items: [item], discounts: [] }
    const { invoiceId } = await own.marketplace.submitInvoice(its({ requestBody: body }))
    const state = async () => (await own.marketplace.getInvoice(its({ invoiceId }))).state
    assert.ok(['pending', 'invoiced'].includes(await state()))
    await fails(own.marketplace.submitInvoice(its({ requestBody: body })), 409, 'invoice_exists')
    const wrong = { ...body, externalId: 'two', test: { validate: true }, items: [{ ...item, total: '18.00' }] }
    const { validationErrors } = await own.marketplace.submitInvoice(its({ requestBody: wrong }))
    assert.ok(validationErrors.length > 0)
    await request(team.token, 200, 'POST', `/pintle/v1/invoices/${invoiceId}/pay?teamId=${team.teamId}`)
    const paid = await own.marketplace.getInvoice(its({ invoiceId }))
    assert.deepEqual([paid.state, paid.total, paid.externalId], ['paid', '19.00', 'one'])
    await own.marketplace.updateInvoice(its({ invoiceId, requestBody: { action: 'refund', reason: 'asked for', total: '19.00' } }))
    assert.match(await state(), /^refund/)
    await fails(own.marketplace.getInvoice(its({ invoiceId: 'mi_unknown' })), 404, 'not_found')
    await own.marketplace.deleteIntegrationResource(its({ resourceId: 'billed' }))
  })

  it('keeps experiments and what is pushed for them', async () => {
    await imported('flags')
    const of = input => its({ resourceId: 'flags', ...input })
    const { marketplace } = own
    const item = { slug: 'dark', origin: 'https://example.com/flags/dark', category: 'flag', name: 'Dark' }
    await marketplace.createInstallationIntegrationConfiguration(of({ requestBody: { items: [{ id: 'one', ...item }] } }))
    await marketplace.updateInstallationIntegrationConfiguration(of({ itemId: 'one', requestBody: { ...item, isArchived: true } }))
    await marketplace.deleteInstallationIntegrationConfiguration(of({ itemId: 'one' }))
    await fails(marketplace.deleteInstallationIntegrationConfiguration(of({ itemId: 'one' })), 404, 'not_found')
    // What the newest SDK calls these two.
    const longer = 'ByIntegrationConfigurationIdResourcesByResourceIdExperimentationGlobalConfig'
    const [push, head] = sdk === 'matching'
      ? ['updateInstallationIntegrationEdgeConfig', 'createInstallationIntegrationEdgeConfig']
      : [`replaceInstallations${longer}`, `headInstallations${longer}`]
    const pushed = await marketplace[push](of({ requestBody: { data: { dark: { on: true } } } }))
    assert.deepEqual(pushed.items, { dark: { on: true } })
    // An answer of 200 to HEAD has no body, and every release of the SDK looks for one; 304 they can read.
    const known = { headers: { 'if-none-match': `"${pushed.digest}"` } }
    assert.equal(await marketplace[head](of(), known), undefined)
    const path = sdk === 'matching' ? 'edge-config' : 'global-config'
    const url = `/v1/installations/${installed.id}/resources/flags/experimentation/${path}`
    await request(installed.token, 200, 'HEAD', url)
    assert.equal((await request(installed.token, 200, 'GET', url)).digest, pushed.digest)
    await marketplace.deleteIntegrationResource(of())
  })

  it('signs a user in at the partner\'s', async () => {
    const sso = `/pintle/v1/integrations/configurations/${installed.id}/sso?teamId=${team.teamId}`
    const { url } = await request(team.token, 201, 'POST', sso, {})
    const { code, state } = Object.fromEntries(new URL(url).searchParams)
    const requestBody = { code, state, clientId: installed.partner.client.id, clientSecret: installed.partner.client.clientSecret, grantType: 'authorization_code' }
    await fails(vercel.authentication.exchangeSsoToken({ ...requestBody, clientSecret: 'wrong' }), 400, 'invalid_client')
    const { idToken } = await vercel.authentication.exchangeSsoToken(requestBody)
    const claims = JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url'))
    assert.deepEqual([claims.user_id, claims.installation_id, claims.aud], [demo.userId, installed.id, installed.partner.client.id])
    await fails(vercel.marketplace.exchangeSsoToken(requestBody), 400, 'invalid_grant')
  })

  it('follows what the partner does for a deployment', async () => {
    await imported('migrated')
    const of = input => its({ deploymentId: 'dpl_1', resourceId: 'migrated', action: 'migrate', ...input })
    const update = requestBody => own.integrations.updateIntegrationDeploymentAction(of({ requestBody }))
    await update({ status: 'running', statusText: 'Migrating', statusUrl: 'https://example.com/migrations/1' })
    await update({ status: 'succeeded', outcomes: [{ kind: 'resource-secrets', secrets: [{ name: 'URL', value: 'postgres://example/branch' }] }] })
    const { actions } = await request(team.token, 200, 'GET', `/pintle/v1/deployments/dpl_1/actions?teamId=${team.teamId}`)
    assert.deepEqual(actions.map(action => [action.status, action.statusText]), [['succeeded', 'Migrating']])
    await fails(own.integrations.updateIntegrationDeploymentAction(of({ action: 'unknown', requestBody: { status: 'running' } })), 404, 'not_found')
    await own.marketplace.deleteIntegrationResource(its({ resourceId: 'migrated' }))
  })

  it('gives out another token, takes one back, and is told that nothing is left to settle', async () => {
    // The older release does not know these three.
    if (sdk === 'matching') return
    const bought = await buy(team)
    const at = { integrationConfigurationId: bought.id }
    const { clientSecret } = bought.partner.client
    const { accessToken } = await client(bought.token).marketplace.rotateInstallationCredential({ ...at, requestBody: { clientSecret } })
    const second = client(accessToken).marketplace
    const revoked = await second.revokeInstallationCredential({ ...at, requestBody: { clientSecret, token: bought.token } })
    assert.deepEqual([revoked.revoked, revoked.alreadyRevoked], [true, false])
    await fails(client(bought.token).marketplace.getAccountInfo(at), 403, 'forbidden')
    await fails(second.finalizeInstallation(at), 400, 'bad_request')
    bought.partner.keepsBills = true
    await vercel.integrations.deleteConfiguration(ours({ id: bought.id }))
    await second.finalizeInstallation(at)
    const { closing } = await request(team.token, 200, 'GET', `/pintle/v1/removals/${bought.id}?teamId=${team.teamId}`)
    assert.equal(closing.end, 'finalized')
  })

  it('tells the partner by webhook, signed', async () => {
    const kinds = () => installed.partner.events.map(event => event.type)
    const wanted = ['integration-resource.project-connected', 'marketplace.invoice.created', 'marketplace.invoice.paid']
    for (let tries = 0; tries < 100 && !wanted.every(kind => kinds().includes(kind)); tries++) await new Promise(next => setTimeout(next, 100))
    assert.deepEqual([...new Set(kinds())].sort(), wanted)
    const [connected] = installed.partner.events.filter(event => event.type === wanted[0])
    const { installationId, projectId, resourceId } = connected.payload
    assert.deepEqual([installationId, projectId, resourceId], [installed.id, project.id, 'kept'])
  })
})
