// Holds requests and answers against GitHub's own description of its REST interface: the operation is there and knows
// each parameter, body and status; the answer has what is required, in the right types, and nothing that is not described.
//   node check.mjs FILE   with [{"method", "target", "sent", "status", "answer"}], bodies as text; "status" 0: only the
//   request. One line per mistake, exit code 1 if there is any
import { readFileSync } from 'node:fs'
import Ajv from 'ajv/dist/2020.js'

const description = JSON.parse(readFileSync('package/generated/api.github.com.json', 'utf8'))
let mistakes = 0
const wrong = (text) => { mistakes += 1; console.log(text) }

const found = (one) => {
  while (one?.$ref) {
    one = one.$ref.slice(2).split('/').reduce((at, part) => at[part], description)
  }
  return one
}

// What a value may hold: 'listed' (only the properties that are written down), 'open' (any), 'none' (it is no object).
// OpenAPI takes what is not listed for allowed, and that is what lets doubles grow fields of their own.
function holds(schema, seen = new Set()) {
  if (seen.has(schema)) {
    return 'none'
  }
  seen.add(schema)
  if (schema.$ref) {
    return holds(found(schema), seen)
  }
  const inside = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((one) => holds(one, seen))
  if ((schema.additionalProperties ?? false) !== false || inside.includes('open')) {
    return 'open'
  }
  if (schema.properties || schema.additionalProperties === false || inside.includes('listed')) {
    return 'listed'
  }
  return schema.type === 'object' || Object.keys(schema).length === 0 ? 'open' : 'none'
}

// A schema of OpenAPI 3.0 as one of JSON Schema 2020-12, which can tell what no part of an allOf or anyOf has described.
const kept = ['type', 'enum', 'required', 'minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'pattern']

function part(schema) {
  if (schema.$ref) {
    return { $ref: `github${schema.$ref}` }
  }
  let out = {}
  for (const key of kept) {
    if (schema[key] !== undefined) {
      out[key] = schema[key]
    }
  }
  if (schema.properties) {
    out.properties = Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, whole(one)]))
  }
  if (typeof schema.additionalProperties === 'object') {
    out.additionalProperties = whole(schema.additionalProperties)
  } else if (schema.additionalProperties !== undefined) {
    out.additionalProperties = schema.additionalProperties
  }
  if (schema.items) {
    out.items = whole(schema.items)
  }
  if (schema.allOf) {
    out.allOf = schema.allOf.map(part)
  }
  // The alternatives of a oneOf overlap in many places, where GitHub's own answers fit two of them.
  for (const some of [schema.anyOf, schema.oneOf]) {
    if (some) {
      out = { ...out, allOf: [...(out.allOf ?? []), { anyOf: some.map(part) }] }
    }
  }
  if (!schema.nullable) {
    return out
  }
  return { anyOf: [{ type: 'null' }, out] }
}

function whole(schema) {
  const out = part(schema)
  return holds(schema) === 'listed' ? { ...out, unevaluatedProperties: false } : out
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({
  $id: 'github',
  components: {
    schemas: Object.fromEntries(Object.entries(description.components.schemas).map(([name, one]) => [name, part(one)])),
  },
})
const compiled = new Map()

// What is wrong with a value, as lines.
function faults(schema, value) {
  if (!compiled.has(schema)) {
    compiled.set(schema, ajv.compile(whole(schema)))
  }
  const validate = compiled.get(schema)
  if (validate(value)) {
    return []
  }
  const lines = validate.errors
    .filter((one) => !['anyOf', 'allOf'].includes(one.keyword))
    .map((one) => `${one.instancePath || '/'} ${one.message}` +
      `${one.params.unevaluatedProperty ? `: ${one.params.unevaluatedProperty}` : ''}` +
      `${one.params.allowedValues ? `: ${one.params.allowedValues}` : ''}`)
  return lines.length > 0 ? [...new Set(lines)].slice(0, 40) : ['/ fits nothing that is described']
}

// In an address everything is text: what it may have meant decides.
function fits(schema, text) {
  const meant = [text]
  if (/^-?\d+$/.test(text)) {
    meant.push(Number(text))
  }
  if (text === 'true' || text === 'false') {
    meant.push(text === 'true')
  }
  meant.push(text.split(','))
  return meant.some((one) => faults(schema, one).length === 0)
}

// /repositories/ID/... is where a renamed repository is sent on to; it is the same thing and has no description of its
// own (recorded/README.md). An Enterprise server has everything below /api/v3.
function described(path) {
  return path.replace(/^\/api\/v3(?=\/)/, '').replace(/^\/repositories\/\d+(?=\/|$)/, '/repos/owner/repo')
}

function template(path) {
  const parts = path.split('/')
  const names = (one) => one.split('/')
  return Object.keys(description.paths)
    .filter((one) => names(one).length === parts.length &&
      names(one).every((name, i) => name.startsWith('{') ? parts[i] !== '' : name === parts[i]))
    .sort((a, b) => (a.match(/\{/g) ?? []).length - (b.match(/\{/g) ?? []).length)[0]
}

// Whatever is asked may be answered by these, with the same body: "Troubleshooting the REST API" and "Best practices for
// using the REST API" of https://docs.github.com/en/rest/using-the-rest-api.
const everywhere = new Map([['304', undefined], ['400', 'basic-error'], ['401', 'basic-error'], ['403', 'basic-error'],
  ['404', 'basic-error'], ['429', 'basic-error']])

function parsed(text) {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function checkBody(name, content, text) {
  const schema = content?.['application/json']?.schema
  if (!schema) {
    return text === '' ? undefined : wrong(`${name}: a body, where none is described`)
  }
  const body = parsed(text)
  if (!body) {
    return wrong(`${name}: no JSON`)
  }
  for (const line of faults(schema, body.value)) {
    wrong(`${name}: ${line}`)
  }
}

function checkRequest(name, operation, shared, path, pattern, query, sent) {
  const parameters = [...(shared ?? []), ...(operation.parameters ?? [])].map(found)
  for (const [key, value] of query) {
    const parameter = parameters.find((one) => one.in === 'query' && one.name === key)
    if (!parameter) {
      wrong(`${name}: there is no parameter ${key}`)
    } else if (!fits(parameter.schema, value)) {
      wrong(`${name}: ${key} cannot be ${value}`)
    }
  }
  for (const one of parameters) {
    if (one.in === 'query' && one.required && !query.has(one.name)) {
      wrong(`${name}: the parameter ${one.name} is missing`)
    }
  }
  pattern.split('/').forEach((part, i) => {
    const parameter = parameters.find((one) => one.in === 'path' && part === `{${one.name}}`)
    const value = decodeURIComponent(path.split('/')[i])
    if (parameter && !fits(parameter.schema, value)) {
      wrong(`${name}: ${part} cannot be ${value}`)
    }
  })
  const body = found(operation.requestBody)
  if (body && (sent !== '' || body.required)) {
    checkBody(`${name}, as it was sent`, body.content, sent)
  } else if (sent !== '') {
    wrong(`${name}: a body was sent, where none is described`)
  }
}

for (const { method, target, sent, status, answer } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const name = `${method} ${target} -> ${status}`
  const url = new URL(target, 'https://api.github.com')
  const path = described(url.pathname)
  const pattern = template(path)
  const operation = pattern && description.paths[pattern][method.toLowerCase()]
  if (!operation) {
    wrong(`${name}: there is no such operation`)
    continue
  }
  // What was no JSON was sent as such on purpose.
  if (status !== 400) {
    checkRequest(name, operation, description.paths[pattern].parameters, path, pattern, url.searchParams, sent)
  }
  const response = found(operation.responses[status])
  if (status === 0) {
    continue
  } else if (response) {
    checkBody(name, response.content, answer)
  } else if (everywhere.has(String(status))) {
    const error = everywhere.get(String(status))
    checkBody(name, error && { 'application/json': { schema: description.components.schemas[error] } }, answer)
  } else {
    wrong(`${name}: no such status is described`)
  }
}
process.exit(mistakes > 0 ? 1 : 0)
