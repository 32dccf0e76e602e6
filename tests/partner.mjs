// A partner of Pintle's marketplace, for the suites: it sells databases that do not exist. It takes no token but those that Pintle signed
// for it, and keeps the events whose signature is right.
import { createHmac, createPublicKey, verify } from 'node:crypto'
import { createServer } from 'node:http'

const plan = (id, more) => ({ id, type: 'subscription', scope: 'resource', name: id, description: `The plan ${id}`, ...more })
const plans = [
  plan('free', { paymentMethodRequired: false }),
  plan('pro', { cost: '19.00', details: [{ label: 'Storage', value: '100 GB' }], highlightedDetails: [{ label: 'Backups' }] }),
]

const options = (...values) => values.map(value => ({ value, label: `The ${value}` }))

const product = {
  name: 'Postgres', slug: 'postgres', shortDescription: 'A database', primaryProtocol: 'storage',
  protocols: { storage: { status: 'enabled' }, experimentation: { status: 'enabled', edgeConfigSyncingSupport: true } },
  deploymentActions: [{ slug: 'migrate', name: 'Migrations' }],
  // One of each control.
  metadataSchema: {
    type: 'object', required: ['region'],
    properties: {
      region: { type: 'string', 'ui:control': 'vercel-region', 'ui:label': 'Region', 'ui:options': ['iad1', 'fra1'] },
      replicas: { type: 'array', items: { type: 'string' }, 'ui:control': 'multi-vercel-region', 'ui:options': ['iad1', 'fra1'] },
      title: { type: 'string', 'ui:control': 'input', 'ui:placeholder': 'Mine', maxLength: 64 },
      connections: { type: 'number', 'ui:control': 'input', minimum: 1, maximum: 100, default: 10 },
      suspend: { type: 'boolean', 'ui:control': 'toggle', default: true },
      scale: { type: 'array', items: { type: 'number' }, 'ui:control': 'slider', 'ui:steps': [1, 2, 4], default: [1, 2] },
      version: { type: 'string', 'ui:control': 'select', 'ui:options': options('16', '17'), default: '17' },
      extensions: { type: 'array', items: { type: 'string' }, 'ui:control': 'multi-select', 'ui:options': options('gis', 'vector') },
      domain: { type: 'string', 'ui:control': 'domain' },
    },
  },
}

const EVENTS = ['integration-resource.project-connected', 'marketplace.invoice.created', 'marketplace.invoice.paid']

/// Of a resource at first.
export const secrets = [{ name: 'URL', value: 'postgres://example/db' }, { name: 'PASSWORD', value: 'first' }]

/// The claims of a token that this Pintle signed for this client.
async function claims(pintle, client, authorization) {
  const [head, body, signature] = (authorization ?? '').replace('Bearer ', '').split('.')
  const parsed = part => JSON.parse(Buffer.from(part, 'base64url'))
  const get = async url => (await fetch(url)).json()
  const { issuer, jwks_uri: address } = await get(`${pintle}/.well-known/openid-configuration`)
  const { kid, alg } = parsed(head)
  const key = (await get(address)).keys.find(key => key.kid === kid)
  const good = verify('sha256', Buffer.from(`${head}.${body}`), createPublicKey({ key, format: 'jwk' }), Buffer.from(signature, 'base64url'))
  const told = parsed(body)
  const fits = alg === 'RS256' && told.aud === client.id && told.iss === issuer && told.exp * 1000 > Date.now()
  if (!good || !fits) throw new Error(`not a token of ${issuer} for ${client.id}: ${JSON.stringify(told)}`)
  return told
}

/// Starts one, and registers it with the Pintle at this URL: a native integration of this slug with one product. `installations` holds what
/// it was told of each, with the token; `resources` what it made; `events` what came to its webhook. With `keepsBills` a removal leaves it
/// something to settle.
export async function startPartner(pintle, { teamId, token }, slug) {
  const partner = { slug, product: product.slug, client: undefined, installations: new Map(), resources: new Map(), events: [], keepsBills: false }
  const server = createServer(async (request, response) => {
    const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body))
    const body = Buffer.concat(await request.toArray())
    try {
      const { pathname } = new URL(request.url, 'http://partner')
      if (pathname === '/webhook') return answer(hear(partner, request.headers['x-vercel-signature'], body))
      const told = await claims(pintle, partner.client, request.headers.authorization)
      answer(...answers(partner, request.method, pathname, body.length ? JSON.parse(body) : {}, told))
    } catch (error) {
      answer(403, { error: { code: 'forbidden', message: error.message } })
    }
  })
  // Nothing waits for it to end.
  server.unref().on('connection', socket => socket.unref())
  await new Promise(ready => server.listen(0, '127.0.0.1', ready))
  partner.url = `http://127.0.0.1:${server.address().port}`
  const register = async (path, body) => {
    const response = await fetch(`${pintle}/pintle/v1/integrations${path}?teamId=${teamId}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify(body),
    })
    if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  partner.client = await register('', app(partner))
  await register(`/${slug}/products`, product)
  return partner
}

function app({ slug, url }) {
  return {
    name: 'Suite', slug, kind: 'marketplace', baseUrl: url, redirectLoginUrl: `${url}/login`, webhookUrl: `${url}/webhook`, events: EVENTS,
    privacyUrl: 'https://example.com/privacy', eulaUrl: 'https://example.com/eula',
  }
}

function hear({ client, events }, signature, body) {
  if (signature !== createHmac('sha1', client.clientSecret).update(body).digest('hex')) return 403
  events.push(JSON.parse(body))
  return 204
}

/// Status and body of what a partner answers.
function answers({ installations, resources, keepsBills }, method, path, body, claims) {
  const [, , , id, , resource] = path.split('/')
  const kind = `${method} ${path.replace(id, ':id').replace(resource, ':resource')}`
  switch (kind) {
    case 'PUT /v1/installations/:id':
      installations.set(id, { ...body, token: body.credentials.access_token, user: claims.user_id })
      return [200, {}]
    case 'GET /v1/installations/:id':
      return [200, {}]
    case 'DELETE /v1/installations/:id':
      installations.delete(id)
      return [200, { finalized: !keepsBills }]
    case 'GET /v1/products/:id/plans':
    case 'GET /v1/installations/:id/plans':
    case 'GET /v1/installations/:id/resources/:resource/plans':
      return [200, { plans }]
    case 'POST /v1/installations/:id/resources': {
      const { productId, name, metadata, billingPlanId, protocolSettings } = body
      const billingPlan = plans.find(plan => plan.id === (billingPlanId ?? 'free'))
      const made = { id: `db_${resources.size + 1}`, productId, name, metadata, protocolSettings, status: 'ready', billingPlan }
      resources.set(made.id, made)
      return [201, { ...made, secrets }]
    }
    case 'GET /v1/installations/:id/resources/:resource':
      return resources.has(resource) ? [200, resources.get(resource)] : [404, { error: { code: 'not_found', message: 'no such database' } }]
    case 'DELETE /v1/installations/:id/resources/:resource':
      resources.delete(resource)
      return [204]
    default:
      return [404, { error: { code: 'not_found', message: kind } }]
  }
}
