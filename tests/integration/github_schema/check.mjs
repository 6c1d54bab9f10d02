// Checks queries against GitHub's own GraphQL schema, and answers against both: every field that was asked for is there,
// has the type that the schema says, and there is no other.
//   node check.mjs FILE   with [{"name", "query", "variables", "answer"}]; one line per mistake, exit code 1 if there is any
import { readFileSync } from 'node:fs'
import {
  buildSchema, parse, validate, isNonNullType, isListType, isScalarType, isEnumType, isAbstractType, isObjectType, Kind,
} from 'graphql'

const schema = buildSchema(readFileSync('node_modules/@octokit/graphql-schema/schema.graphql', 'utf8'), { assumeValidSDL: true })
let mistakes = 0
const wrong = (text) => { mistakes += 1; console.log(text) }

function selected(set, fragments, type, out = new Map()) {
  for (const one of set.selections) {
    if (one.kind === Kind.FIELD) {
      out.set(one.alias?.value ?? one.name.value, one)
    } else {
      const fragment = one.kind === Kind.FRAGMENT_SPREAD ? fragments.get(one.name.value) : one
      const on = fragment.typeCondition?.name.value
      if (!on || on === type.name || isAbstractType(schema.getType(on))) {
        selected(fragment.selectionSet, fragments, type, out)
      }
    }
  }
  return out
}

function check(where, type, field, value, fragments) {
  if (isNonNullType(type)) {
    if (value === null || value === undefined) {
      return wrong(`${where}: null, but the schema says it never is`)
    }
    return check(where, type.ofType, field, value, fragments)
  }
  if (value === null) {
    return
  }
  if (isListType(type)) {
    if (!Array.isArray(value)) {
      return wrong(`${where}: not a list`)
    }
    return value.forEach((each, i) => check(`${where}[${i}]`, type.ofType, field, each, fragments))
  }
  if (isEnumType(type)) {
    if (!type.getValue(value)) {
      wrong(`${where}: ${value} is no ${type.name}`)
    }
    return
  }
  if (isScalarType(type)) {
    const wanted = { Int: 'number', Float: 'number', Boolean: 'boolean' }[type.name] ?? 'string'
    if (typeof value !== wanted) {
      wrong(`${where}: ${JSON.stringify(value)} is no ${type.name}`)
    }
    return
  }
  // Where the schema allows several types, the fields that were asked of all of them are the same.
  const concrete = isObjectType(type) ? type : schema.getPossibleTypes(type)
    .find((one) => Object.keys(value).every((key) => selected(field.selectionSet, fragments, one).has(key)))
  if (!concrete) {
    return wrong(`${where}: fits no type of ${type.name}`)
  }
  const wanted = selected(field.selectionSet, fragments, concrete)
  for (const key of Object.keys(value)) {
    if (!wanted.has(key)) {
      wrong(`${where}.${key}: nobody asked for it`)
    }
  }
  for (const [key, one] of wanted) {
    if (!(key in value)) {
      wrong(`${where}.${key}: missing`)
    } else if (one.name.value !== '__typename') {
      check(`${where}.${key}`, concrete.getFields()[one.name.value].type, one, value[key], fragments)
    }
  }
}

for (const { name, query, answer } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const document = parse(query)
  for (const error of validate(schema, document)) {
    wrong(`${name}: ${error.message}`)
  }
  if (mistakes > 0 || !answer) {
    continue
  }
  const fragments = new Map(document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]))
  const operation = document.definitions.find((d) => d.kind === Kind.OPERATION_DEFINITION)
  if (!answer.data) {
    wrong(`${name}: no data: ${JSON.stringify(answer)}`)
  } else {
    check(name, schema.getQueryType(), operation, answer.data, fragments)
  }
}
process.exit(mistakes > 0 ? 1 : 0)
